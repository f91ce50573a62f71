import type { DataOf } from '../../events/account/account-event.ts'
import { referenceEvent } from '../../events/log-identity.ts'
import type { EventStore, NewEvent, RecordedEvent } from '../../events/store/event-store.ts'
import { accountStream } from '../../events/streams.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Pool } from '../../platform/postgres.ts'

/** A repair that the log may not know of yet. */
export interface UntoldRepair {
  /** The event's id derives from it. */
  readonly commandId: string
  readonly accountId: string
  readonly data: Omit<DataOf<'ReadModelRepaired'>, 'at'>
}

/** An account that is written to all the time is tried again with the next sample. */
const MOST_TRIES = 5

/** Tells the log of every repair of this database it was not told of, each once, also after a crash or by two processes. Returns how many were told. */
export const tellRepairs = async (store: EventStore, pool: Pool, clock: Clock): Promise<number> => {
  const { rows } = await pool.query<{ command_id: string; account_id: string; repair: UntoldRepair['data'] }>(
    'SELECT command_id, account_id, repair FROM untold_repairs ORDER BY position',
  )
  let told = 0
  for (const { command_id: commandId, account_id: accountId, repair: data } of rows) {
    if (!(await tellRepair(store, clock, { commandId, accountId, data }))) continue
    told += (await pool.query('DELETE FROM untold_repairs WHERE command_id = $1', [commandId])).rowCount ?? 0
  }
  return told
}

/**
 * Appends the event to the account's stream unless it is there; false when the account would not stand still or the store gave no answer.
 * An append whose outcome is unknown has the same id and an exact revision: it is found here the next time, or can't come any more.
 */
export const tellRepair = async (store: EventStore, clock: Clock, { commandId, accountId, data }: UntoldRepair): Promise<boolean> => {
  const eventOf = (at: number): NewEvent => referenceEvent(commandId, 'ReadModelRepaired', { ...data, at }, 'projector', clock.now())
  const { id } = eventOf(0)
  const stream = accountStream(accountId)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    let newest: RecordedEvent | undefined
    for await (const event of store.readBackwards(stream, Number.MAX_SAFE_INTEGER)) {
      newest ??= event
      if (event.id === id) return true
      if (event.position.commit <= BigInt(data.repairedPosition)) break
    }
    if (!newest) throw new Error(`${stream} has no events and yet was repaired`)
    const at = Math.max(clock.now(), timeOf(newest))
    const outcome = await store.append(stream, newest.revision, [eventOf(at)])
    if (outcome.kind === 'appended') return true
  }
  return false
}

/** An account's time never goes back. */
const timeOf = ({ data }: RecordedEvent): number => Number((data as { readonly at?: unknown } | undefined)?.at ?? 0)
