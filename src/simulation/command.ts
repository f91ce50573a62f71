// SEED=n SEEDS=k npm run -s sim: one JSON document on stdout, progress on stderr, exit 1 when an invariant was broken.
// BAIL=1 stops at the first seed that breaks an invariant. RERUN=n runs the first n seeds a second time and compares their traces; PRINT=1 with SEEDS=1 prints the trace, QUANTBOT_LOG=warn the product's log.
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { monotonicMs } from '../platform/clock.ts'
import { createLog } from '../platform/log.ts'
import { NODE_FLAGS } from '../platform/node-flags.ts'
import { createReport } from './report.ts'
import { runSeed, type SeedResult } from './run-seed.ts'

const number = (name: string, fallback: number): number => {
  const text = process.env[name] ?? String(fallback)
  if (/^\d{1,9}$/.test(text)) return Number(text)
  process.stderr.write(`${name}: must be a whole number\n`)
  process.exit(2)
}

/** Some seeds of one shard, told to the parent as they are done. */
const work = async (): Promise<void> => {
  // an error made for control flow costs more for its stack than for itself; who prints wants to see them
  if (process.env.PRINT !== '1') Error.stackTraceLimit = 0
  const log = createLog('sim', process.env.QUANTBOT_LOG ?? 'silent')
  const escaped: string[] = []
  process.on('unhandledRejection', (error) => escaped.push(error instanceof Error ? (error.stack ?? error.message) : String(error)))
  const [first = 0, count = 0, stride = 1] = (process.argv[3] ?? '').split(',').map(Number)
  for (let i = 0; i < count; i += stride) {
    const result = await runSeed(first + i, { log, print: process.env.PRINT === '1' })
    const violations = escaped
      .splice(0)
      .map((what) => ({ seed: first + i, step: result.steps, invariant: `other: nobody handled ${what}` }))
    process.send?.({ ...result, violations: [...result.violations, ...violations] } satisfies SeedResult)
  }
  process.disconnect?.()
}

const runShard = async (
  shard: number,
  shards: number,
  ranges: readonly (readonly [first: number, count: number])[],
  onResult: (result: SeedResult) => void,
  signal: AbortSignal,
): Promise<void> => {
  for (const [first, count] of ranges)
    if (shard < count && !signal.aborted) await runSeeds(`${first + shard},${count - shard},${shards}`, onResult, signal)
}

const runSeeds = (seeds: string, onResult: (result: SeedResult) => void, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--shard', seeds], {
      execArgv: [...NODE_FLAGS],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const kill = (): void => void child.kill('SIGKILL')
    signal.addEventListener('abort', kill, { once: true })
    child.on('message', (result) => onResult(result as SeedResult))
    child.on('error', reject)
    child.on('exit', (code, killedBy) => {
      signal.removeEventListener('abort', kill)
      if (code === 0 || signal.aborted) resolve()
      else reject(new Error(`a shard ended with ${code ?? killedBy}`))
    })
  })

const command = async (): Promise<number> => {
  const [first, seeds, rerun] = [number('SEED', 1), number('SEEDS', 100), number('RERUN', 0)]
  const shards = Math.max(1, Math.min(availableParallelism(), seeds))
  const began = monotonicMs()
  const report = createReport(first, seeds)
  const stop = new AbortController()
  let told = began
  const onResult = (result: SeedResult): void => {
    if (stop.signal.aborted) return
    report.add(result)
    if (result.violations.length > 0 && process.env.BAIL === '1') stop.abort()
    for (const { seed, step, invariant } of result.violations) process.stderr.write(`seed ${seed} step ${step}: ${invariant}\n`)
    if (monotonicMs() - told < PROGRESS_MS) return
    told = monotonicMs()
    process.stderr.write(`${report.done()} of ${seeds + rerun} seeds, ${Math.round((told - began) / 1_000)} s\n`)
  }
  const ranges = [[first, seeds], ...(rerun > 0 ? [[first, rerun] as const] : [])] as const
  await Promise.all(Array.from({ length: shards }, (_, shard) => runShard(shard, shards, ranges, onResult, stop.signal)))
  const document = report.document((monotonicMs() - began) / 1_000)
  process.stdout.write(`${JSON.stringify(document)}\n`)
  return document.violations.length === 0 && document.rerun.equal === document.rerun.seeds ? 0 : 1
}

const PROGRESS_MS = 10_000

if (process.argv[2] === '--shard') await work()
else process.exitCode = await command()
