import type { Accounts } from './accounts.ts'
import { type FoundedPool, foundedPools } from './genesis.ts'
import type { AccountState } from './svm.ts'
import { tokenAccount, WRAPPED_SOL } from './tokens.ts'

export interface PoolReserves {
  readonly pool: FoundedPool
  readonly base: bigint
  readonly quote: bigint
}

/** A founded pool by its symbol ("SOL/USDC") or address. */
export const findPool = (name: string): FoundedPool | undefined =>
  foundedPools().find((pool) => name === symbolOf(pool) || name === pool.address.toBase58())

export const symbolOf = (pool: FoundedPool): string => `${pool.base.symbol}/${pool.quote.symbol}`

/** What the pool's vaults hold, in base units. */
export const reservesOf = (accounts: Accounts, pool: FoundedPool): PoolReserves => {
  const held = (vault: string) => {
    const token = tokenAccount(accounts.get(vault))
    if (!token) throw new Error(`vault ${vault} of ${symbolOf(pool)} is missing`)
    return token.amount
  }
  return { pool, base: held(pool.baseVault.toBase58()), quote: held(pool.quoteVault.toBase58()) }
}

/**
 * The account states that put a pool at a price (quote per base, a decimal string) with its depth (the product of the reserves)
 * kept. Supplies and lamports follow, so that the chain's totals stay those of its accounts. Undefined when the price is out of range.
 */
export const repriced = (accounts: Accounts, pool: FoundedPool, price: string): Map<string, AccountState> | undefined => {
  const ratio = baseUnitPrice(price, pool)
  if (!ratio) return undefined
  const { base, quote } = reservesOf(accounts, pool)
  // price = quote / base and base × quote = k, so base = √(k / price) and quote = k / base.
  const k = base * quote
  const newBase = squareRoot((k * ratio.denominator) / ratio.numerator)
  if (newBase === 0n) return undefined
  const newQuote = (newBase * ratio.numerator) / ratio.denominator
  if (newQuote === 0n || newBase > U64_MAX || newQuote > U64_MAX) return undefined
  const changes = new Map<string, AccountState>()
  move(accounts, changes, pool.baseVault.toBase58(), pool.base.address.toBase58(), newBase - base)
  move(accounts, changes, pool.quoteVault.toBase58(), pool.quote.address.toBase58(), newQuote - quote)
  return changes
}

const U64_MAX = (1n << 64n) - 1n
const AMOUNT_AT = 64
const SUPPLY_AT = 36

/** The decimal price as a ratio of base units. */
const baseUnitPrice = (price: string, pool: FoundedPool): { numerator: bigint; denominator: bigint } | undefined => {
  const match = /^(\d{1,15})(?:\.(\d{1,18}))?$/.exec(price)
  if (!match) return undefined
  const fraction = match[2] ?? ''
  const numerator = BigInt(`${match[1]}${fraction}`) * 10n ** BigInt(pool.quote.decimals)
  return numerator === 0n ? undefined : { numerator, denominator: 10n ** BigInt(fraction.length + pool.base.decimals) }
}

const squareRoot = (value: bigint): bigint => {
  if (value < 2n) return value
  let x = 1n << BigInt(Math.ceil(value.toString(2).length / 2))
  for (;;) {
    const next = (x + value / x) >> 1n
    if (next >= x) return x
    x = next
  }
}

const move = (accounts: Accounts, changes: Map<string, AccountState>, vault: string, mint: string, difference: bigint) => {
  const wrapped = mint === WRAPPED_SOL
  const held = existing(accounts, vault)
  const data = Buffer.from(held.data)
  data.writeBigUInt64LE(data.readBigUInt64LE(AMOUNT_AT) + difference, AMOUNT_AT)
  // Wrapped SOL is lamports; any other token is in its mint's supply.
  changes.set(vault, { ...held, data, lamports: wrapped ? held.lamports + difference : held.lamports })
  if (wrapped) return
  const issued = existing(accounts, mint)
  const supply = Buffer.from(issued.data)
  supply.writeBigUInt64LE(supply.readBigUInt64LE(SUPPLY_AT) + difference, SUPPLY_AT)
  changes.set(mint, { ...issued, data: supply })
}

const existing = (accounts: Accounts, address: string): AccountState => {
  const state = accounts.get(address)
  if (!state) throw new Error(`account ${address} is missing`)
  return state
}
