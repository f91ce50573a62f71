import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { foldAccount } from '../../src/commands/account/evolve.ts'
import { decodeEvent } from '../../src/events/decode.ts'
import type { RecordedEvent } from '../../src/events/store/event-store.ts'
import { parseAccountStream } from '../../src/events/streams.ts'
import { type Canonical, canonical } from './state-hash.ts'

/** One stream as a build of some schema version wrote it, and what it meant to that build. Never edited: see extend.ts. */
export interface GoldenStream {
  readonly schema: number
  readonly stream: string
  readonly events: readonly {
    readonly id: string
    readonly type: string
    readonly data: unknown
    readonly metadata: Record<string, unknown>
  }[]
  /** The fold of an account's stream; of any other stream its decoded events. */
  readonly state: Canonical
  readonly stateHash: string
  /** Each time the meaning was changed on purpose: why, and the hash before. A review looks at these. */
  readonly rebaselined?: readonly { readonly reason: string; readonly before: string }[]
}

export const GOLDEN = dirname(fileURLToPath(import.meta.url))

/** Versions in the corpus, oldest first. */
export const goldenVersions = (): number[] =>
  readdirSync(GOLDEN)
    .flatMap((name) => (/^v\d+$/.test(name) ? [Number(name.slice(1))] : []))
    .sort((a, b) => a - b)

export const goldenFiles = (version: number): string[] => readdirSync(join(GOLDEN, `v${version}`)).sort()

export const readGolden = (version: number, file: string): GoldenStream =>
  JSON.parse(readFileSync(join(GOLDEN, `v${version}`, file), 'utf8')) as GoldenStream

/** What today's code makes of a stream: decode, upcast, evolve. */
export const meaningOf = ({ stream, events }: Pick<GoldenStream, 'stream' | 'events'>): Canonical => {
  const recorded = events.map(
    (event, i): RecordedEvent => ({
      ...event,
      ...{ streamId: stream, revision: BigInt(i), created: 0, position: { commit: BigInt(i), prepare: BigInt(i) } },
    }),
  )
  return canonical(parseAccountStream(stream) ? foldAccount(recorded) : recorded.map(decodeEvent))
}
