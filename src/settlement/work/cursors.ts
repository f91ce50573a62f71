import type { Pool } from '../../platform/postgres.ts'

/** How far the chain's history of an address was read, and what it held then. */
export interface Cursor {
  readonly address: string
  /** The newest transaction that was looked at; empty: none yet. */
  readonly signature: string
  readonly slot: number
  /** Base units or lamports. */
  readonly amount: bigint
}

export interface WatchedWallet {
  readonly accountId: string
  readonly publicKey: string
}

/** The wallets of a slice group and the cursors of their addresses. Hints all of it: what is lost is found on the log and the chain again. */
export interface Cursors {
  /** The next wallets in the order of their accounts, after this one. */
  wallets(group: number, after: string, limit: number): Promise<readonly WatchedWallet[]>
  /** Accounts that may have open work, of all groups; at most so many. */
  openAccounts(limit: number): Promise<readonly string[]>
  load(addresses: readonly string[]): Promise<ReadonlyMap<string, Cursor>>
  save(cursor: Cursor): Promise<void>
}

export const openCursors = (pool: Pool): Cursors => ({
  wallets: async (group, after, limit) => {
    const { rows } = await pool.query<{ account_id: string; public_key: string }>({
      name: 'arrivals-wallets',
      text: 'SELECT account_id, public_key FROM settlement_wallets WHERE slice_group = $1 AND account_id > $2 ORDER BY account_id LIMIT $3',
      values: [group, after, limit],
    })
    return rows.map((row) => ({ accountId: row.account_id, publicKey: row.public_key }))
  },
  openAccounts: async (limit) => {
    const { rows } = await pool.query<{ account_id: string }>({
      name: 'reconciliation-open',
      text: 'SELECT account_id FROM settlement_work ORDER BY account_id LIMIT $1',
      values: [limit],
    })
    return rows.map((row) => row.account_id)
  },
  load: async (addresses) => {
    const { rows } = await pool.query<{ address: string; signature: string; slot: bigint; amount: string }>({
      name: 'arrivals-cursors',
      text: 'SELECT address, signature, slot, amount::text AS amount FROM settlement_arrivals WHERE address = ANY($1::text[])',
      values: [addresses],
    })
    return new Map(rows.map((row) => [row.address, { ...row, slot: Number(row.slot), amount: BigInt(row.amount) }]))
  },
  save: async ({ address, signature, slot, amount }) => {
    await pool.query({ name: 'arrivals-save', text: SAVE, values: [address, signature, slot, amount.toString()] })
  },
})

// Of two workers that both believe to own the wallet the one that is behind does not take the cursor back.
const SAVE = `
  INSERT INTO settlement_arrivals (address, signature, slot, amount) VALUES ($1, $2, $3, $4::numeric)
  ON CONFLICT (address) DO UPDATE SET signature = excluded.signature, slot = excluded.slot, amount = excluded.amount
    WHERE settlement_arrivals.slot <= excluded.slot`
