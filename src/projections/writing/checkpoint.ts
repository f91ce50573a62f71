import type { QueryConfig } from 'pg'
import type { Position } from '../../events/store/event-store.ts'
import type { Pool } from '../../platform/postgres.ts'

/** How far a shard has come: the last event processed. -1 is before the first. */
export interface Checkpoint {
  readonly position: Position
  /** Version of what is paused on this shard. */
  readonly pauses: bigint
}

/** What a projector claims a database to be. */
export interface ShardClaim {
  readonly shard: number
  readonly logId: string
  readonly mapVersion: number
  /** Of the lease on this shard. */
  readonly fence: bigint
}

export const BEFORE_ALL: Position = { commit: -1n, prepare: -1n }

/** The database holds another log's rows, or another shard's: running on would mix them. */
export class WrongDatabase extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WrongDatabase'
  }
}

/** Another projector holds the shard; nothing was written. */
export class LeaseLost extends Error {
  constructor(shard: number) {
    super(`shard ${shard} has a newer owner`)
    this.name = 'LeaseLost'
  }
}

/** The checkpoint is not the one that the rows were read at; nothing was written. */
export class StaleCheckpoint extends Error {
  constructor(shard: number) {
    super(`shard ${shard}: the checkpoint is not the one known`)
    this.name = 'StaleCheckpoint'
  }
}

export const isAfter = (a: Position, b: Position): boolean => a.commit > b.commit || (a.commit === b.commit && a.prepare > b.prepare)

interface Row {
  readonly shard: number
  readonly log_id: string
  readonly map_version: number
  readonly commit_position: bigint
  readonly prepare_position: bigint
  readonly fence: bigint
  readonly pauses: bigint
}

/** Checks, without writing, that the database may serve this shard of this log; an empty one may. @throws WrongDatabase */
export const checkDatabase = async (pool: Pool, claim: Omit<ShardClaim, 'fence'>): Promise<void> => {
  const { rows } = await pool.query<Row>('SELECT * FROM checkpoint')
  for (const row of rows) verify(row, claim)
  const { rowCount } = await pool.query('SELECT 1 FROM retired_maps WHERE map_version = $1', [claim.mapVersion])
  if (rowCount) throw new WrongDatabase(`shard map ${claim.mapVersion} was retired: its rows are no longer kept`)
}

const verify = (row: Row, { shard, logId, mapVersion }: Omit<ShardClaim, 'fence'>): void => {
  if (row.log_id !== logId)
    throw new WrongDatabase(`the database of shard ${shard} was built from log ${row.log_id}, this log is ${logId}: empty it to rebuild`)
  if (row.shard !== shard)
    throw new WrongDatabase(`the database of shard ${shard} holds shard ${row.shard}: check the order of DATABASE_URLS`)
  if (row.map_version !== mapVersion)
    throw new WrongDatabase(
      `the database of shard ${shard} was built by shard map ${row.map_version}, in force is ${mapVersion}: rebuild it`,
    )
}

// Raising the fence waits for a transaction of the former owner that is still open, and refuses all of its later ones.
const CLAIM = `
  INSERT INTO checkpoint (shard, log_id, map_version, commit_position, prepare_position, fence) VALUES ($1, $2, $3, -1, -1, $4)
  ON CONFLICT (shard) DO UPDATE SET fence = excluded.fence WHERE checkpoint.fence <= excluded.fence
  RETURNING *`

/** Takes the shard over for a new lease and tells where to go on. @throws WrongDatabase, LeaseLost */
export const claimCheckpoint = async (pool: Pool, claim: ShardClaim): Promise<Checkpoint> => {
  await checkDatabase(pool, claim)
  const { shard, logId, mapVersion, fence } = claim
  const { rows } = await pool.query<Row>({ name: 'checkpoint-claim', text: CLAIM, values: [shard, logId, mapVersion, fence] })
  if (!rows[0]) throw new LeaseLost(shard)
  return checkpointOf(rows[0])
}

/** The stored checkpoint. @throws LeaseLost when it is another owner's */
export const readCheckpoint = async (pool: Pool, { shard, fence }: Pick<ShardClaim, 'shard' | 'fence'>): Promise<Checkpoint> => {
  const { rows } = await pool.query<Row>({ name: 'checkpoint-read', text: 'SELECT * FROM checkpoint WHERE shard = $1', values: [shard] })
  if (rows[0]?.fence !== fence) throw new LeaseLost(shard)
  return checkpointOf(rows[0])
}

// Comes first in the transaction: its row lock orders the batches of a shard and makes a new owner wait for this one.
const MOVE = `
  UPDATE checkpoint SET commit_position = $2, prepare_position = $3, pauses = pauses + $4
  WHERE shard = $1 AND fence = $5 AND commit_position = $6 AND prepare_position = $7 AND pauses = $8`

/** Moves the checkpoint to a later one from exactly the one known; no row when it is another by now. */
export const moveCheckpoint = (
  { shard, fence }: Pick<ShardClaim, 'shard' | 'fence'>,
  from: Checkpoint,
  to: Position,
  paused: boolean,
): QueryConfig => ({
  name: 'checkpoint-move',
  text: MOVE,
  values: [shard, to.commit, to.prepare, paused ? 1 : 0, fence, from.position.commit, from.position.prepare, from.pauses],
})

const checkpointOf = (row: Row): Checkpoint => ({
  position: { commit: row.commit_position, prepare: row.prepare_position },
  pauses: row.pauses,
})
