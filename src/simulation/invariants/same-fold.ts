import { inflateRawSync } from 'node:zlib'
import type { AccountState } from '../../commands/account/state.ts'
import { decodeState, encodeState, type PackedState } from '../../commands/handler/snapshot-codec.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import type { Violations } from './violations.ts'

/** Two folds of one account, one of them from a snapshot or a cache. */
export const checkSameFold = (accountId: string, whose: string, fold: AccountState, full: AccountState, violations: Violations): void => {
  if (whole(fold) !== told(full))
    violations.add('other', `${accountId}: ${whose} differs from the full fold at ${fold.revision} of ${full.revision}`)
}

/**
 * All of a fold as text: as the snapshot's codec packs it, which keeps the order of what is ordered, and beside it field by field, because
 * what the codec forgets it would forget on both sides. Sealed ids are loaded by need.
 */
const whole = (state: AccountState): string => JSON.stringify(encodeState(state)) + content(state)
const content = (state: AccountState): string => JSON.stringify({ ...state, sealed: undefined }, plain)

const plain = (_field: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

const known = new WeakMap<AccountState, string>()
/** The full fold is compared with that of every process. */
const told = (state: AccountState): string => {
  const text = known.get(state) ?? whole(state)
  known.set(state, text)
  return text
}

/** A snapshot that was written is the fold at its revision, whatever may never look at it again. `stateAt`: undefined where it is not known any more. */
export const checkSnapshot = (
  { streamId, type, data }: RecordedEvent,
  stateAt: (accountId: string, revision: bigint) => AccountState | undefined,
  violations: Violations,
): void => {
  if (type !== 'AccountSnapshotted') return
  const { state, revision } = data as { readonly state: string; readonly revision: string }
  const packed = decodeState(JSON.parse(inflateRawSync(Buffer.from(state, 'base64')).toString('utf8')) as PackedState)
  const full = stateAt(packed.accountId ?? '', BigInt(revision))
  if (full && content(packed) !== content(full)) violations.add('other', `${streamId}: not the fold at ${revision}`)
}
