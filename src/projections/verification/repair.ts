import type { EventStore } from '../../events/store/event-store.ts'
import { type Pool, type PoolClient, transaction } from '../../platform/postgres.ts'
import { upsertStatement } from '../rows/table.ts'
import { type AccountRows, eventsUpTo, firstPositionOf, replayed, storedAccount, type WrongRow, wrongRows } from './account-rows.ts'
import type { UntoldRepair } from './tell-repairs.ts'

export interface RepairDeps {
  readonly store: EventStore
  readonly pool: Pool
  readonly shard: number
  readonly logId: string
}

/** Wrong rows named in the event: enough to see what kind of fault it was. */
const MOST_NAMED = 100
/** No position is beyond it. */
const END = 2n ** 63n - 1n

const WRITE_DOWN = `
  INSERT INTO untold_repairs (command_id, account_id, position, repair) VALUES ($1, $2, $3, $4) ON CONFLICT (command_id) DO NOTHING`

/**
 * Replaces the rows of an account that are not what its events say by those of a replay, and writes the repair down to be told to the log, in
 * one transaction. It never races the projector: that one writes only together with a move of the checkpoint, whose lock is held here, and then
 * finds what it remembers of the rows in doubt, as readers do their documents. Undefined: there was nothing to repair.
 * @throws when store or database are away; nothing was changed then
 */
export const repairAccount = async (deps: RepairDeps, accountId: string): Promise<UntoldRepair | undefined> => {
  const { store, pool, shard, logId } = deps
  // read ahead of the lock: while it is held only what came since is read
  const ahead = await eventsUpTo(store, accountId, END)
  if (!ahead) return undefined
  return transaction(pool, async (client) => {
    await client.query('SELECT 1 FROM checkpoint WHERE shard = $1 FOR UPDATE', [shard])
    const stored = await storedAccount(client, accountId)
    const events = stored && (await eventsUpTo(store, accountId, stored.position, ahead))
    if (!stored || !events || events.length === 0) return undefined
    const right = replayed(events, accountId)
    const wrong = wrongRows(stored.rows, right)
    if (wrong.length === 0) return undefined
    await replaceRows(client, accountId, wrong, right)
    const { rows } = await client.query<{ pauses: bigint }>('UPDATE checkpoint SET pauses = pauses + 1 WHERE shard = $1 RETURNING pauses', [
      shard,
    ])
    const firstPosition = String(firstPositionOf(wrong))
    const repair: UntoldRepair = {
      // the version of the shard's rows that this very transaction makes: another repair at the same position is another event
      commandId: `repair/${logId}/${accountId}/${stored.position}.${rows[0]!.pauses}/${firstPosition}`,
      accountId,
      data: {
        shard,
        firstPosition,
        repairedPosition: String(stored.position),
        wrongRows: wrong.length,
        rows: wrong.slice(0, MOST_NAMED).map(({ name }) => name),
      },
    }
    await client.query(WRITE_DOWN, [repair.commandId, accountId, stored.position, JSON.stringify(repair.data)])
    return repair
  })
}

const replaceRows = async (client: PoolClient, accountId: string, wrong: readonly WrongRow[], right: AccountRows): Promise<void> => {
  for (const table of new Set(wrong.map((row) => row.table))) {
    await client.query(`DELETE FROM ${table.name} WHERE account_id = $1`, [accountId])
    const rows = right.get(table) ?? []
    if (rows.length > 0) await client.query(upsertStatement(table, rows))
  }
}
