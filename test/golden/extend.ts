// npm run -s golden: records what the stories write today under the schema version of this build. What is on record is never changed:
// a stream is added, or gets more events at its end. With --rebaseline v1/fills.json --reason "…" the meaning of one recorded stream
// is taken anew, and the reason stays in the file for reviewers.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseAccountStream } from '../../src/events/streams.ts'
import { SCHEMA_VERSION } from '../../src/events/upcast.ts'
import { createMemoryLog } from '../../src/simulation/store/memory-log.ts'
import { quietStore } from '../../src/simulation/store/quiet-store.ts'
import { GOLDEN, type GoldenStream, meaningOf, readGolden } from './corpus.ts'
import { stateHash } from './state-hash.ts'
import { type GoldenStory, STORIES, tellerOf } from './stories.ts'

const { values } = parseArgs({ options: { rebaseline: { type: 'string' }, reason: { type: 'string' } } })
if (values.rebaseline !== undefined) rebaseline(values.rebaseline, values.reason ?? '')
else for (const story of STORIES) await record(story)

async function record(story: GoldenStory): Promise<void> {
  for (const fresh of await told(story)) {
    const stream = fresh.stream
    const file = `${parseAccountStream(stream)?.accountId ?? stream.replace(/[^\w-]/g, '_')}.json`
    const old = existsSync(join(GOLDEN, `v${SCHEMA_VERSION}`, file)) ? readGolden(SCHEMA_VERSION, file) : undefined
    const told = JSON.stringify(fresh.events)
    const kept = JSON.stringify(old?.events.map((event) => event) ?? [])
    const outcome = !old
      ? 'new'
      : told === kept
        ? 'as before'
        : told.startsWith(kept.slice(0, -1))
          ? 'longer'
          : 'told differently now: kept as it is'
    if (outcome === 'new' || outcome === 'longer')
      write(`v${SCHEMA_VERSION}/${file}`, { ...fresh, ...(old?.rebaselined ? { rebaselined: old.rebaselined } : {}) })
    process.stdout.write(`v${SCHEMA_VERSION}/${file}: ${fresh.events.length} events, ${outcome}\n`)
  }
}

async function told(story: GoldenStory): Promise<GoldenStream[]> {
  const log = createMemoryLog()
  const teller = tellerOf(quietStore(log, { now: () => 0, sleep: async () => undefined }), story.name)
  await story.tell(teller)
  const streams = [...new Set(log.all.map(({ streamId }) => streamId))].filter((stream) => !stream.startsWith('snap-'))
  return streams.map((stream) => {
    const events = log.stream(stream).map(({ id, type, data, metadata }) => ({ id, type, data, metadata: { ...metadata } }))
    const state = meaningOf({ stream, events })
    return { schema: SCHEMA_VERSION, stream, events, state, stateHash: stateHash(state) }
  })
}

function rebaseline(path: string, reason: string): void {
  const [version = '', file = ''] = path.split('/')
  if (reason.length < 20) throw new Error('--reason must say in a sentence why a recorded stream means something else now')
  const old = readGolden(Number(version.slice(1)), file)
  const state = meaningOf(old)
  const rebaselined = [...(old.rebaselined ?? []), { reason, before: old.stateHash }]
  write(path, { ...old, state, stateHash: stateHash(state), rebaselined })
}

function write(path: string, golden: GoldenStream): void {
  mkdirSync(join(GOLDEN, path.split('/')[0]!), { recursive: true })
  // one event a line: a diff shows what was added
  const { events, state, ...head } = golden
  const lines = events.map((event) => `    ${JSON.stringify(event)}`).join(',\n')
  writeFileSync(
    join(GOLDEN, path),
    `{\n  "schema": ${head.schema},\n  "stream": ${JSON.stringify(head.stream)},\n  "stateHash": "${head.stateHash}",\n${
      head.rebaselined ? `  "rebaselined": ${JSON.stringify(head.rebaselined)},\n` : ''
    }  "events": [\n${lines}\n  ],\n  "state": ${JSON.stringify(state)}\n}\n`,
  )
}
