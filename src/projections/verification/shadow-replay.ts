import type { EventStore } from '../../events/store/event-store.ts'
import { type Pool, transaction } from '../../platform/postgres.ts'
import { eventsUpTo, firstPositionOf, replayed, storedAccount, wrongRows } from './account-rows.ts'

/** Rows of an account that are not what its events say. */
export interface Divergence {
  readonly accountId: string
  /** `<table> <key>` of each row that is wrong, missing or too many. */
  readonly rows: readonly string[]
  /** The lowest commit position of an event behind such a row. */
  readonly firstPosition: bigint
}

export type Verdict =
  | { readonly kind: 'equal'; readonly events: number }
  | ({ readonly kind: 'diverged' } & Divergence)
  /** Unknown, paused, or longer than a sample may be. */
  | { readonly kind: 'skipped' }

/** Replays one account in memory and holds every row of it against the stored ones, all of one snapshot. @throws when store or database are away */
export const verifyAccount = async (store: EventStore, pool: Pool, accountId: string): Promise<Verdict> => {
  const stored = await transaction(pool, (client) => storedAccount(client, accountId), 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const events = stored && (await eventsUpTo(store, accountId, stored.position))
  if (!stored || !events || events.length === 0) return { kind: 'skipped' }
  const wrong = wrongRows(stored.rows, replayed(events, accountId))
  if (wrong.length === 0) return { kind: 'equal', events: events.length }
  return { kind: 'diverged', accountId, rows: wrong.map(({ name }) => name), firstPosition: firstPositionOf(wrong) }
}
