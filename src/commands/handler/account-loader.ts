import type { EventStore } from '../../events/store/event-store.ts'
import { accountStream } from '../../events/streams.ts'
import type { Logger } from '../../platform/log.ts'
import { segmentsMissing, withSegments } from '../account/known-ids.ts'
import type { Segment } from '../account/segment.ts'
import { atMost } from './at-most.ts'
import { foldTail, type LoadedAccount, NOT_LOADED, OtherHistory, type Tail } from './loaded-account.ts'
import { readSegment, readSnapshot, type SnapshotDeps } from './snapshot-store.ts'

/** Brings accounts from the log; every method rejects when the store can't be read. */
export interface AccountLoader {
  /** Snapshot and tail, or the whole stream. */
  load(accountId: string): Promise<LoadedAccount>
  /** The same account with the events appended since; a full load when the log has another history. */
  refresh(accountId: string, account: LoadedAccount): Promise<Tail>
  /** With the segments of closed ids that a decision on client ids needs. */
  withIds(accountId: string, account: LoadedAccount): Promise<LoadedAccount>
}

/**
 * Accounts read at the same time. A process that starts under load misses on every account at once, and a thousand calls on one
 * HTTP/2 session make the client or the server break it, with the appends on it.
 */
const LOADS_AT_ONCE = 32

/** Segments are read this many at a time: 50 at once would hold 4 MB of answers in flight for one account. */
const SEGMENTS_AT_ONCE = 10

export const createAccountLoader = (deps: SnapshotDeps & { readonly store: EventStore; readonly log: Logger }): AccountLoader => {
  const { store, log } = deps
  const inTurn = atMost(LOADS_AT_ONCE)
  const tail = (accountId: string, account: LoadedAccount): Promise<Tail> =>
    foldTail(account, (from) => store.readStream(accountStream(accountId), from))

  const foldInFull = (accountId: string): Promise<Tail> => tail(accountId, NOT_LOADED)
  const loadInFull = async (accountId: string): Promise<LoadedAccount> => (await foldInFull(accountId)).account

  const load = async (accountId: string): Promise<LoadedAccount> => {
    const snapshot = await readSnapshot(deps, accountId).catch((error: unknown) => {
      log.warn({ err: error, accountId }, 'a snapshot could not be used')
      return undefined
    })
    if (!snapshot) return loadInFull(accountId)
    try {
      return (await tail(accountId, snapshot)).account
    } catch (error) {
      if (!(error instanceof OtherHistory)) throw error
      log.warn({ accountId, revision: snapshot.state.revision.toString() }, 'a snapshot is of another history')
      return loadInFull(accountId)
    }
  }

  const refresh = async (accountId: string, account: LoadedAccount): Promise<Tail> => {
    try {
      return await tail(accountId, account)
    } catch (error) {
      if (!(error instanceof OtherHistory)) throw error
      log.error({ accountId, revision: account.state.revision.toString() }, 'the stream has another history than this process: loaded anew')
      return foldInFull(accountId)
    }
  }

  const withIds = async (accountId: string, account: LoadedAccount): Promise<LoadedAccount> => {
    const missing = segmentsMissing(account.state)
    const segments: Segment[] = []
    for (let i = 0; i < missing.length; i += SEGMENTS_AT_ONCE) {
      const indexes = missing.slice(i, i + SEGMENTS_AT_ONCE)
      const read = await Promise.all(indexes.map((index) => readSegment(deps, accountId, index, account.digests.get(index) ?? '')))
      segments.push(...read.filter((segment) => segment !== undefined))
    }
    if (segments.length === missing.length)
      return missing.length === 0 ? account : { ...account, state: withSegments(account.state, segments) }
    log.warn(
      { accountId, missing: missing.length, found: segments.length },
      'segments of closed ids are missing: the stream is folded in full',
    )
    return loadInFull(accountId)
  }

  return {
    load: (accountId) => inTurn(() => load(accountId)),
    refresh: (accountId, account) => inTurn(() => refresh(accountId, account)),
    withIds: (accountId, account) => inTurn(() => withIds(accountId, account)),
  }
}
