import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { monotonicMs, systemClock } from '../src/platform/clock.ts'
import { nodeArguments } from '../src/platform/node-arguments.ts'
import { assignSlices, shardOf } from '../src/projections/shard-map.ts'
import { freshAccounts } from '../test/integration/projections/read-side.ts'
import { openReadApi } from '../test/integration/queries/read-api.ts'
import { startChecker } from '../test/integration/reshard/checker.ts'
import { summarise, writeResults } from './harness.ts'
import { startPart } from './harness-process.ts'
import { arrived, freshDatabases } from './projections/databases.ts'
import { fillLog } from './projections/log.ts'

// npm run bench:reshard -- --events 1000000: from 4 to 6 shards while balances are credited and read, every answer held against the log. The
// reshard is a process of its own; with --kills it is killed with -9 at each of its steps first, and called again.

const [FROM, TO] = [4, 6]
/** Of a log that is replayed, not timed: a million events are filled in minutes. */
const FILL = { open: 1_000, together: 8 }
/** A machine that is busy elsewhere starts a server slowly. */
const PATIENCE_MS = 300_000
/** A step is killed as soon as it is told, but this one in the midst of its work. */
const MID_BUILDING_MS = 10_000
/** In their order; the reshard tells each before it begins. */
const STEPS = [
  'building',
  'comparing',
  'cutting over',
  'waiting for readers',
  'waiting for projectors',
  'retiring',
  'waiting for the old',
  'removing',
]

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { events: { type: 'string', default: '100000' }, kills: { type: 'boolean', default: false } } })
  const folder = mkdtempSync(join(tmpdir(), 'bench-reshard-'))
  const node = await startPart(
    'embedded/eventstore/main',
    ['--db', join(folder, 'eventstore'), '--node-port', '0', '--insecure'],
    PATIENCE_MS,
  )
  const postgres = await startPart(
    'embedded/postgres/main',
    [...['--db', join(folder, 'postgres'), '--databases', '1', '--password-file', join(folder, 'password')]],
    PATIENCE_MS,
  )
  try {
    const storeUrl = node.announcement.url!
    const urls = await freshDatabases(postgres.announcement.urls![0]!, FROM)
    const api = await openReadApi({ urls, storeUrl })
    const map = { version: 1, shards: FROM, assignment: assignSlices(FROM) }
    const filled = await fillLog(api.side.store, Number(values.events), (accountId) => shardOf(map, accountId), FROM, FILL)
    say(`${filled.events} events of ${filled.accounts.length} accounts`)
    await api.side.startProjector({ feed: api.feed })
    await arrived(urls, filled.heads)
    say('the read side has caught up: resharding under load')
    const checker = await startChecker(api.side.store, freshAccounts(8, 'live'), api.get, { pauseMs: 20, readers: 4, phase: () => phase })
    const env = { ...process.env, DATABASE_URLS: urls.join(','), EVENTSTORE_URL: storeUrl, QUANTBOT_DATA: folder, QUANTBOT_LOG: 'error' }
    let kills = 0
    const [before, began] = [checker.reads(), monotonicMs()]
    if (values.kills) for (const step of STEPS) if (await killedAt(step, env)) kills++
    const done = await reshardOnce(env)
    const [after, seconds] = [checker.reads(), Math.round((monotonicMs() - began) / 1000)]
    while (checker.reads() < after + 200) await systemClock.sleep(50)
    const { examples, refusals, ...verdict } = await checker.end()
    await api.close()
    const correct = verdict.wrong === 0 && done.equal
    const counted = Object.fromEntries(Object.entries(refusals).map(([told, count]) => [`refused in ${told}`, count]))
    // of all runs together, the killed ones too
    const metrics = { seconds, kills, ...verdict, 'reads while resharding': after - before, ...counted }
    const line = summarise('product', [{ metrics, cpuMs: null, correct: true }])
    say(`written: ${writeResults('reshard', { events: filled.events, from: FROM, to: TO, kills }, line)}`)
    process.stdout.write(`${JSON.stringify({ ...metrics, equal: done.equal, examples })}\n`)
    process.exitCode = correct ? 0 : 1
  } finally {
    await postgres.stop()
    await node.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Where the reshard is: reads that are refused are counted by it. */
let phase = 'before'
const follow = (child: ReturnType<typeof started>, onStep: (step: string) => void): void => {
  createInterface({ input: child.stderr }).on('line', (line) => {
    const step = /^reshard: (.+)/.exec(line)?.[1]
    if (step === undefined) return say(line)
    phase = step.replaceAll(/ map \d+/g, ' map')
    say(step)
    onStep(step)
  })
}

const started = (env: NodeJS.ProcessEnv) =>
  spawn(process.execPath, [...nodeArguments('cli/main'), 'reshard', '--to', String(TO), '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** False when the step was over before. */
const killedAt = async (step: string, env: NodeJS.ProcessEnv): Promise<boolean> => {
  const child = started(env)
  const gone = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  follow(child, (told) => {
    if (told.startsWith(step)) setTimeout(() => child.kill('SIGKILL'), step === 'building' ? MID_BUILDING_MS : 0)
  })
  const killed = (await gone) === 'SIGKILL'
  phase = `killed at ${step}`
  say(killed ? `killed at: ${step}` : `not reached again: ${step}`)
  return killed
}

const reshardOnce = async (env: NodeJS.ProcessEnv): Promise<{ seconds: number; events: number; equal: boolean }> => {
  const child = started(env)
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  follow(child, () => undefined)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  if (text === '') throw new Error(`the reshard ended with ${code}`)
  return JSON.parse(text) as { seconds: number; events: number; equal: boolean }
}

const say = (line: string): void => void process.stderr.write(`${(performance.now() / 1000).toFixed(1)} s: ${line}\n`)

await main()
