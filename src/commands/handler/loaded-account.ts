import { decodeAccountEvent } from '../../events/decode.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { evolve } from '../account/evolve.ts'
import { type AccountState, EMPTY_ACCOUNT } from '../account/state.ts'

/** An account's fold with what ties it to the log. */
export interface LoadedAccount {
  readonly state: AccountState
  /** Commit position of the last folded event; 0 for none. */
  readonly position: bigint
  /** Id of the last folded event: read again before a tail is folded on top, so that another history is noticed. */
  readonly lastEventId: string | undefined
  /** Revision of the snapshot this fold began with or last wrote; -1 for none. */
  readonly snapshotRevision: bigint
  /** Digests of the stored segments by index. */
  readonly digests: ReadonlyMap<number, string>
}

export const NOT_LOADED: LoadedAccount = {
  state: EMPTY_ACCOUNT,
  position: 0n,
  lastEventId: undefined,
  snapshotRevision: -1n,
  digests: new Map(),
}

/** The log does not continue the fold at hand: it was restored, replaced or deleted. */
export class OtherHistory extends Error {}

/** Folds the stream's events from the last folded one (inclusive, to verify it). @throws OtherHistory, UnreadableEvent */
export const foldTail = async (account: LoadedAccount, read: (from: bigint) => AsyncIterable<RecordedEvent>): Promise<Tail> => {
  const { revision } = account.state
  let state = account.state
  let { position, lastEventId } = account
  const seen = new Map<string, bigint>()
  let verified = revision < 0n
  for await (const recorded of read(revision < 0n ? 0n : revision)) {
    position = recorded.position.commit
    if (!verified) {
      if (recorded.revision !== revision || recorded.id !== account.lastEventId) throw new OtherHistory(`at revision ${revision}`)
      verified = true
      continue
    }
    state = evolve(state, decodeAccountEvent(recorded), recorded.revision)
    lastEventId = recorded.id
    seen.set(recorded.id, position)
  }
  if (!verified) throw new OtherHistory(`nothing at revision ${revision}`)
  return { account: { ...account, state, position, lastEventId }, find: (eventId) => seen.get(eventId) }
}

export interface Tail {
  readonly account: LoadedAccount
  /** Commit position of an event among those just folded; undefined when it is not one of them. */
  find(eventId: string): bigint | undefined
}
