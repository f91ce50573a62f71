import pg, { type QueryConfig, type QueryResult } from 'pg'
import type { Logger } from './log.ts'

export type { Pool, PoolClient } from 'pg'

export interface PoolOptions {
  /** Shown in pg_stat_activity and in log lines. */
  readonly name: string
  readonly log: Logger
  /** Connections at most. Four keep two cores busy; more only queue inside Postgres. */
  readonly max?: number
  /** A statement may take so long, ms; a reader's or writer's patience when left out. */
  readonly statementMs?: number
}

/** Nobody who waits for an answer waits longer. */
const STATEMENT_MS = 10_000

/** A pool that answers int8 and whole numerics as bigint. Errors of idle connections are logged, never thrown. The caller ends it. */
export const createPool = (url: string, { name, log, max = 4, statementMs = STATEMENT_MS }: PoolOptions): pg.Pool => {
  const { connectionString, pooled } = connectionOf(url)
  const pool = new pg.Pool({
    connectionString,
    max,
    // statements sent together on one connection need not wait for each other's answers
    pipeline: true,
    application_name: `quantbot-${name}`,
    types: { getTypeParser },
    keepAlive: true,
    // A dead server is noticed within a reader's patience instead of the kernel's minutes.
    connectionTimeoutMillis: 3_000,
    query_timeout: statementMs + 2_000,
    ...(pooled ? { Client: StatelessClient } : { ...SESSION_LIMITS, statement_timeout: statementMs }),
  })
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', (error) => log.warn({ detail: faultOf(error), pool: name }, 'an idle connection broke'))
  return pool
}

const SESSION_LIMITS = {
  // A process paused inside a transaction keeps its row locks: cut it before its successor's own patience (10 s) ends.
  idle_in_transaction_session_timeout: 5_000,
}

/** What the driver is given for a URL of ours: `?pgbouncer=true` says that a pooler in transaction mode stands in front of the server. */
export const connectionOf = (url: string): { readonly connectionString: string; readonly pooled: boolean } => {
  const own = new URL(url)
  const pooled = own.searchParams.get('pgbouncer') === 'true'
  own.searchParams.delete('pgbouncer')
  return { connectionString: pooled ? own.href : url, pooled }
}

/**
 * Behind a pooler the next transaction may run in another session: nothing is prepared by name, and limits that belong to the session are
 * set on the role or in the pooler instead.
 */
class StatelessClient extends pg.Client {
  // the driver's overloads come down to this one, and a name is all that has to go
  override query = ((config: unknown, ...rest: unknown[]): unknown => {
    const plain = typeof config === 'object' && config !== null && 'name' in config ? { ...config, name: undefined } : config
    return (pg.Client.prototype.query as (...all: unknown[]) => unknown).call(this, plain, ...rest)
  }) as typeof pg.Client.prototype.query
}

/**
 * Runs `work` in one transaction of one connection; rolls back and rethrows when it throws.
 * A rejection at the very end leaves the outcome unknown: callers guard their writes by checkpoint, fence or key.
 */
export const transaction = <T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>, begin = 'BEGIN'): Promise<T> =>
  withClient(pool, async (client) => {
    await client.query(begin)
    let value: T
    try {
      value = await work(client)
    } catch (error) {
      return rollback(client, error)
    }
    await client.query('COMMIT')
    return value
  })

/** Lends one connection of the pool to `work`; a connection that broke is not used again. */
export const withClient = async <T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
  const client = await pool.connect()
  // Between queries a checked-out client reports a broken connection by event only.
  const ignore = () => {}
  client.on('error', ignore)
  let broken = false
  try {
    return await work(client)
  } catch (error) {
    broken = !(error instanceof pg.DatabaseError)
    throw error
  } finally {
    client.off('error', ignore)
    client.release(broken)
  }
}

/**
 * Runs statements in one transaction of a pipelined connection: all of them in one round trip, and the commit in another, sent only when
 * each has succeeded and `check` accepts their results. @throws the fault of the first that failed, or what `check` throws: nothing is
 * written then. A connection lost at the commit leaves the outcome unknown
 */
export const pipelinedTransaction = async (
  client: pg.PoolClient,
  statements: readonly QueryConfig[],
  check: (results: readonly QueryResult[]) => void,
): Promise<void> => {
  // settled, not raced: the answers of all must be in before the connection is used for anything else
  const settled = await Promise.allSettled([client.query('BEGIN'), ...statements.map((one) => client.query(one))])
  try {
    const fault = settled.find((one) => one.status === 'rejected')
    if (fault) throw fault.reason
    check(settled.slice(1).map((one) => (one as PromiseFulfilledResult<QueryResult>).value))
  } catch (error) {
    await rollback(client, error)
  }
  await client.query('COMMIT')
}

const rollback = async (client: pg.PoolClient, error: unknown): Promise<never> => {
  const failed = await client.query('ROLLBACK').then(
    () => undefined,
    (fault: Error) => fault,
  )
  // a connection that cannot roll back is broken: the fault that says so comes first, ours goes along
  throw failed && !(failed instanceof pg.DatabaseError) ? Object.assign(failed, { cause: error }) : error
}

/** One line about a database error: the error object itself drags the whole connection into a log. */
export const faultOf = (error: unknown): string => {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return typeof code === 'string' ? `${code} ${String(message)}` : String(message ?? error)
}

/** True when the statement may succeed later unchanged: the server is away, going down, out of connections, or chose us as a victim. */
export const isTransient = (error: unknown): boolean => {
  // 08 connection, 25P03 idle transaction cut, 3D no database yet, 40 deadlock or serialisation, 53 resources, 55 object in use, 57 operator, 58 system.
  if (error instanceof pg.DatabaseError) return /^(08|25P03|3D|40|53|55|57|58)/.test(error.code ?? '')
  if (!(error instanceof Error)) return false
  // The driver tells a lost connection by a system error code or by message alone.
  return /^E[A-Z]+$/.test(String((error as { code?: unknown }).code ?? '')) || /connection|timeout/i.test(error.message)
}

/** True when the data itself was refused (class 22 data exception, 23 constraint): a retry would be refused again. */
export const isDataFault = (error: unknown): boolean => /^2[23]/.test(String((error as { code?: unknown } | undefined)?.code ?? ''))

const INT8 = 20
const NUMERIC = 1700
const whole = (text: string): bigint | string => (text.includes('.') || text === 'NaN' ? text : BigInt(text))

/** Amounts and positions exceed 2^53: a float would lose units silently. */
const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  (oid === INT8 || oid === NUMERIC) && format !== 'binary'
    ? whole
    : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser
