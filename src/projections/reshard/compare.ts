import { createHash } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { faultOf, isTransient, type Pool, transaction } from '../../platform/postgres.ts'
import { digestTables } from '../digest.ts'
import { READ_MODELS } from '../read-models.ts'
import type { SqlType, Table } from '../rows/table.ts'

/** What two maps hold of all accounts, each account at one and the same revision on both sides. */
export interface Comparison {
  readonly before: string
  readonly after: string
  readonly accounts: number
  /** Accounts whose rows differ, the first few. */
  readonly different: readonly string[]
}

export interface CompareDeps {
  readonly before: readonly Pool[]
  readonly after: readonly Pool[]
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Accounts compared at a time at most: more save no round trips worth having. */
const PAGE_MOST = 500
/** How long a page's hashes may take before the next one is half as large: an account may have a handful of rows or a million. */
const PAGE_MS = 2_000
const RETRY_MS = 500
/** An account that changes meanwhile is read again until both sides stand at the same revision. */
const AGAIN_MS = 20
const PATIENCE_MS = 60_000
const MOST_NAMED = 20

/** Every id is below this: ids are letters, digits, "_" and "-". */
const END = '~'

/**
 * Holds every account's rows of one map against those of another while both are being projected: nobody waits for it. An account's rows are a
 * function of its events up to its revision, so rows at equal revisions must be equal, byte for byte.
 */
export const compareMaps = async (deps: CompareDeps): Promise<Comparison> => {
  const { before, after, clock, signal } = deps
  const [left, right] = [createHash('sha256'), createHash('sha256')]
  const different: string[] = []
  let accounts = 0
  const settle = (accountId: string, a: Digest, b: Digest): void => {
    left.update(`${accountId} ${a.digest}\n`)
    right.update(`${accountId} ${b.digest}\n`)
    accounts++
    if (a.digest !== b.digest) different.push(accountId)
  }
  const pages = pagesOf(deps)
  for (let from = ''; from !== END; ) {
    const { to, a, b } = await pages(from)
    from = to
    const moving: string[] = []
    for (const accountId of [...new Set([...a.keys(), ...b.keys()])].sort(bytewise)) {
      const [one, other] = [a.get(accountId), b.get(accountId)]
      if (one && other && one.revision === other.revision) settle(accountId, one, other)
      else moving.push(accountId)
    }
    for (const accountId of moving) {
      const { one, other } = await atOneRevision(deps, accountId)
      settle(accountId, one, other)
    }
  }
  const [reference, copies] = await Promise.all([referenceOf(before), referenceOf(after)])
  // each shard keeps a copy of these: one that moved on meanwhile is compared once more
  if (reference !== copies) await clock.sleep(PATIENCE_MS / 60, signal)
  left.update(reference === copies ? reference : await referenceOf(before))
  right.update(reference === copies ? copies : await referenceOf(after))
  return { before: left.digest('hex'), after: right.digest('hex'), accounts, different: different.slice(0, MOST_NAMED) }
}

/** Reads pages as large as the databases answer in good time. One that fails is read again, smaller: all of it would be lost otherwise, again and again. */
const pagesOf = ({ before, after, clock, log, signal }: CompareDeps) => {
  let size = PAGE_MOST / 4
  return async (from: string) => {
    for (;;) {
      signal.throwIfAborted()
      const began = clock.now()
      try {
        const to = await endOfPage(before, from, size)
        const [a, b] = await Promise.all([digests(before, BETWEEN, [from, to]), digests(after, BETWEEN, [from, to])])
        const took = clock.now() - began
        if (took > PAGE_MS) size = Math.max(1, size >> 1)
        else if (took < PAGE_MS / 4) size = Math.min(PAGE_MOST, size * 2)
        return { to, a, b }
      } catch (error) {
        if (!isTransient(error)) throw error
        log.warn({ detail: faultOf(error), accounts: size }, 'a page of accounts could not be compared')
        size = Math.max(1, size >> 2)
        await clock.sleep(RETRY_MS, signal)
      }
    }
  }
}

interface Digest {
  /** -1: the shard has rows of the account, but not the account. */
  readonly revision: bigint
  readonly digest: string
}

const ABSENT: Digest = { revision: -2n, digest: '' }

const atOneRevision = async ({ before, after, clock, signal }: CompareDeps, accountId: string): Promise<{ one: Digest; other: Digest }> => {
  for (const end = clock.now() + PATIENCE_MS; ; await clock.sleep(AGAIN_MS, signal)) {
    const [a, b] = await Promise.all([digests(before, ONE, [accountId]), digests(after, ONE, [accountId])])
    const [one, other] = [a.get(accountId) ?? ABSENT, b.get(accountId) ?? ABSENT]
    // two sides that never stand at the same revision are as good as different
    if (one.revision === other.revision || clock.now() > end) return { one, other }
  }
}

const OWNED = [...new Set(READ_MODELS.map((model) => model.table as Table<never>))].filter((table) => 'accountId' in table.columns)
const COPIED = [...new Set(READ_MODELS.map((model) => model.table as Table<never>))].filter((table) => !('accountId' in table.columns))

// One statement is one snapshot. A row's hash tells its table too; sorted by hash the rows of an account have one order everywhere.
const digestText = (condition: string): string => `
  SELECT d.account_id AS "accountId", coalesce(a.revision, -1) AS revision, d.digest FROM (
    SELECT account_id, encode(sha256(string_agg(h, ''::bytea ORDER BY h)), 'hex') AS digest FROM (
      ${OWNED.map(rowHashes(condition)).join('\n UNION ALL ')}
    ) hashed GROUP BY account_id
  ) d LEFT JOIN accounts a ON a.account_id = d.account_id`

const rowHashes =
  (condition: string) =>
  (table: Table<never>): string => {
    const columns = (Object.values(table.columns) as (readonly [string, SqlType])[]).map(([column]) => column)
    return `SELECT account_id, sha256(convert_to('${table.name} ' || ROW(${columns.join(', ')})::text, 'UTF8')) AS h FROM ${table.name} WHERE ${condition}`
  }

const BETWEEN = digestText('account_id > $1 AND account_id <= $2')
const ONE = digestText('account_id = $1')

const digests = async (pools: readonly Pool[], text: string, values: readonly string[]): Promise<ReadonlyMap<string, Digest>> => {
  const parts = await Promise.all(pools.map((pool) => pool.query<Digest & { accountId: string }>({ text, values: [...values] })))
  const found = new Map<string, Digest>()
  // an account on two shards of one map is wrong in itself
  for (const { rows } of parts)
    for (const { accountId, revision, digest } of rows)
      found.set(accountId, found.has(accountId) ? { revision, digest: 'on two shards' } : { revision, digest })
  return found
}

/** The last account of the next page, END when there is no further one. */
const endOfPage = async (pools: readonly Pool[], from: string, size: number): Promise<string> => {
  const text = 'SELECT account_id AS id FROM accounts WHERE account_id > $1 ORDER BY account_id OFFSET $2 LIMIT 1'
  const ends = await Promise.all(
    pools.map(async (pool) => (await pool.query<{ id: string }>({ text, values: [from, size - 1] })).rows[0]?.id),
  )
  return ends.reduce<string>((least, id) => (id !== undefined && bytewise(id, least) < 0 ? id : least), END)
}

/** As `COLLATE "C"` sorts, which is how JavaScript compares plain ASCII. */
const bytewise = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The tables that every shard has a copy of; all copies must be the same. */
const referenceOf = async (pools: readonly Pool[]): Promise<string> => {
  const copies = await Promise.all(pools.map((pool) => transaction(pool, (client) => digestTables(client, COPIED))))
  return [...new Set(copies.map(({ digest }) => digest))].sort().join(' ')
}
