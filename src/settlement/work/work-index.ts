import type { Position } from '../../events/store/event-store.ts'
import { holdsLease, type Lease } from '../../platform/lease.ts'
import { type Pool, transaction } from '../../platform/postgres.ts'

/** An account touched by an event, with the newest revision seen. */
export interface Touched {
  readonly accountId: string
  readonly revision: bigint
}

export interface Wallet {
  readonly accountId: string
  readonly publicKey: string
}

/** Which accounts of a slice group may have open work, which wallets there are, and up to where the log was read: three tables, one transaction. */
export interface WorkIndex {
  /** Accounts and checkpoint as stored; a checkpoint of another log is thrown away together with its accounts. */
  load(): Promise<{ readonly after: Position | undefined; readonly accounts: readonly Touched[] }>
  /** False when the lease is no longer ours: nothing was written. */
  advance(touched: readonly Touched[], to: Position, wallets: readonly Wallet[]): Promise<boolean>
  /** Takes out accounts that had nothing to do at these revisions, unless a later event has put them back. */
  remove(idle: readonly Touched[]): Promise<void>
}

export interface WorkIndexOptions {
  readonly pool: Pool
  readonly group: number
  readonly logId: string
  readonly lease: Pick<Lease, 'name' | 'fence'>
}

export const openWorkIndex = ({ pool, group, logId, lease }: WorkIndexOptions): WorkIndex => ({
  load: () =>
    transaction(pool, async (client) => {
      const { rows } = await client.query<CheckpointRow>({ name: 'settlement-checkpoint', text: SELECT_CHECKPOINT, values: [group] })
      const [stored] = rows
      if (stored && stored.log_id !== logId) {
        await client.query(DELETE_GROUP_WORK, [group])
        await client.query(DELETE_WALLETS, [group])
        await client.query(DELETE_CHECKPOINT, [group])
        return { after: undefined, accounts: [] }
      }
      const work = await client.query<{ account_id: string; revision: bigint }>({
        name: 'settlement-work',
        text: SELECT_WORK,
        values: [group],
      })
      const after = stored && { commit: stored.commit_position, prepare: stored.prepare_position }
      return { after, accounts: work.rows.map((row) => ({ accountId: row.account_id, revision: row.revision })) }
    }),
  advance: (touched, to, wallets) =>
    transaction(pool, async (client) => {
      if (!(await holdsLease(client, lease))) return false
      await client.query({
        name: 'settlement-upsert-work',
        text: UPSERT_WORK,
        values: [group, touched.map((each) => each.accountId), touched.map((each) => each.revision)],
      })
      if (wallets.length > 0)
        await client.query({
          name: 'settlement-upsert-wallets',
          text: UPSERT_WALLETS,
          values: [group, wallets.map((each) => each.accountId), wallets.map((each) => each.publicKey)],
        })
      await client.query({
        name: 'settlement-upsert-checkpoint',
        text: UPSERT_CHECKPOINT,
        values: [group, logId, to.commit, to.prepare, lease.fence],
      })
      return true
    }),
  remove: async (idle) => {
    await pool.query({
      name: 'settlement-delete-work',
      text: DELETE_WORK,
      values: [idle.map((each) => each.accountId), idle.map((each) => each.revision)],
    })
  },
})

interface CheckpointRow {
  readonly log_id: string
  readonly commit_position: bigint
  readonly prepare_position: bigint
}

const SELECT_CHECKPOINT = 'SELECT log_id, commit_position, prepare_position FROM settlement_checkpoints WHERE slice_group = $1'
const SELECT_WORK = 'SELECT account_id, revision FROM settlement_work WHERE slice_group = $1 ORDER BY account_id'
const DELETE_GROUP_WORK = 'DELETE FROM settlement_work WHERE slice_group = $1'
const DELETE_WALLETS = 'DELETE FROM settlement_wallets WHERE slice_group = $1'
const DELETE_CHECKPOINT = 'DELETE FROM settlement_checkpoints WHERE slice_group = $1'

// One statement for the batch; a re-delivered batch never takes a revision back.
const UPSERT_WORK = `
  INSERT INTO settlement_work (account_id, slice_group, revision)
  SELECT account_id, $1, revision FROM unnest($2::text[], $3::bigint[]) AS t (account_id, revision)
  ON CONFLICT (account_id) DO UPDATE SET revision = greatest(settlement_work.revision, excluded.revision)`

// A wallet is given once; of another log's account of the same name it is another one.
const UPSERT_WALLETS = `
  INSERT INTO settlement_wallets (account_id, slice_group, public_key)
  SELECT account_id, $1, public_key FROM unnest($2::text[], $3::text[]) AS t (account_id, public_key)
  ON CONFLICT (account_id) DO UPDATE SET slice_group = excluded.slice_group, public_key = excluded.public_key`

// Guarded like every checkpoint: it only moves forward.
const UPSERT_CHECKPOINT = `
  INSERT INTO settlement_checkpoints (slice_group, log_id, commit_position, prepare_position, fence)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (slice_group) DO UPDATE
    SET log_id = excluded.log_id, commit_position = excluded.commit_position, prepare_position = excluded.prepare_position, fence = excluded.fence
    WHERE settlement_checkpoints.commit_position < excluded.commit_position`

const DELETE_WORK = `
  DELETE FROM settlement_work w USING unnest($1::text[], $2::bigint[]) AS idle (account_id, revision)
  WHERE w.account_id = idle.account_id AND w.revision <= idle.revision`
