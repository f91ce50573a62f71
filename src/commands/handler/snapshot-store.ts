import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { EventStore, RecordedEvent } from '../../events/store/event-store.ts'
import { segmentStream, snapshotStream } from '../../events/streams.ts'
import type { Ids } from '../../platform/ids.ts'
import { type Segment, segmentOf } from '../account/segment.ts'
import { type LoadedAccount, NOT_LOADED } from './loaded-account.ts'
import type { Packing } from './packing.ts'
import { decodeState, encodeState, type PackedState } from './snapshot-codec.ts'

/** Newest fold of an account, packed. Deletable, never evidence. */
const AccountSnapshotted = z.object({
  /** The code that folded and packed it; other code folds the stream in full. */
  foldHash: z.string(),
  /** A copied log has other positions. */
  logId: z.string(),
  revision: z.string().regex(/^\d+$/),
  eventId: z.string(),
  position: z.string().regex(/^\d+$/),
  segments: z.array(z.tuple([z.number().int(), z.string()])),
  /** First 16 hex of the SHA-256 of `state`. */
  digest: z.string(),
  /** Base64 of the deflated JSON of the fold. */
  state: z.string(),
})

/** 2,000 closed ids, immutable. */
const IdsSealed = z.object({ index: z.number().int(), rows: z.string() })

/** A larger snapshot is not written: the account has many open transactions just now and is packed later. */
export const SNAPSHOT_MAX_BYTES = 256 * 1024

export interface SnapshotDeps {
  readonly store: EventStore
  readonly ids: Ids
  readonly logId: string
  readonly foldHash: string | undefined
  readonly packing: Packing
}

/** The account as its snapshot tells, not verified against the stream yet; undefined when there is none that this build may use. */
export const readSnapshot = async (deps: SnapshotDeps, accountId: string): Promise<LoadedAccount | undefined> => {
  if (deps.foldHash === undefined) return undefined
  const parsed = AccountSnapshotted.safeParse((await newest(deps.store, snapshotStream(accountId)))?.data)
  if (!parsed.success) return undefined
  const s = parsed.data
  if (s.foldHash !== deps.foldHash || s.logId !== deps.logId || digestOf(s.state) !== s.digest) return undefined
  const json = await deps.packing.inflate(Buffer.from(s.state, 'base64'))
  const state = decodeState(JSON.parse(json.toString('utf8')) as PackedState)
  if (state.accountId !== accountId || state.revision.toString() !== s.revision) return undefined
  return {
    ...NOT_LOADED,
    state,
    position: BigInt(s.position),
    lastEventId: s.eventId,
    snapshotRevision: state.revision,
    digests: new Map(s.segments),
  }
}

/** Writes the fold as the account's snapshot; `too_large` writes nothing. Best effort, since a failure only makes the next load slower. */
export const writeSnapshot = async (
  deps: SnapshotDeps,
  accountId: string,
  account: LoadedAccount,
): Promise<'written' | 'too_large' | 'failed'> => {
  const { store, foldHash, logId } = deps
  if (foldHash === undefined || account.lastEventId === undefined) return 'failed'
  const packed = await deps.packing.deflate(Buffer.from(JSON.stringify(encodeState(account.state)), 'utf8'))
  const state = packed.toString('base64')
  if (state.length > SNAPSHOT_MAX_BYTES - 8_192) return 'too_large'
  const stream = snapshotStream(accountId)
  if (account.snapshotRevision < 0n) await store.setMaxCount(stream, 1)
  const data: z.infer<typeof AccountSnapshotted> = {
    foldHash,
    logId,
    revision: account.state.revision.toString(),
    eventId: account.lastEventId,
    position: account.position.toString(),
    segments: [...account.digests],
    digest: digestOf(state),
    state,
  }
  return append(deps, stream, 'AccountSnapshotted', data)
}

/** A stored segment, if it is the one with this digest. */
export const readSegment = async (
  { store }: SnapshotDeps,
  accountId: string,
  index: number,
  digest: string,
): Promise<Segment | undefined> => {
  const parsed = IdsSealed.safeParse((await newest(store, segmentStream(accountId, index)))?.data)
  if (!parsed.success) return undefined
  const segment = segmentOf(index, Buffer.from(parsed.data.rows, 'base64'))
  return segment.digest === digest ? segment : undefined
}

/** Stores a segment once; one that other code had sealed differently is superseded. */
export const writeSegment = async (deps: SnapshotDeps, accountId: string, segment: Segment): Promise<boolean> => {
  if (await readSegment(deps, accountId, segment.index, segment.digest)) return true
  const data: z.infer<typeof IdsSealed> = { index: segment.index, rows: segment.rows.toString('base64') }
  return (await append(deps, segmentStream(accountId, segment.index), 'IdsSealed', data)) === 'written'
}

/** Not a decision: whichever copy is newest serves, so no revision is expected. */
const append = async ({ store, ids, logId }: SnapshotDeps, stream: string, type: string, data: unknown): Promise<'written' | 'failed'> => {
  const outcome = await store.append(stream, 'any', [{ id: ids.uuid(), type, data, metadata: { logId } }])
  return outcome.kind === 'appended' ? 'written' : 'failed'
}

const newest = async (store: EventStore, stream: string): Promise<RecordedEvent | undefined> => {
  // read to its end: leaving early would reset the stream, and each load of an account without a snapshot comes by here
  let found: RecordedEvent | undefined
  for await (const event of store.readBackwards(stream, 1)) found = event
  return found
}

const digestOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16)
