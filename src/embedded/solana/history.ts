import type { StoredParts } from './record.ts'
import type { TransactionError } from './transaction-error.ts'

/** A landed transaction as the index knows it; bytes and meta are read from the log. */
export interface Landed extends StoredParts {
  readonly signature: string
  readonly slot: number
  /** Unix seconds. */
  readonly time: number
  readonly error: TransactionError | null
}

export interface History {
  add(landed: Landed, keys: readonly string[]): void
  get(signature: string): Landed | undefined
  /** Oldest first. */
  inSlot(slot: number): readonly Landed[]
  /** Oldest first. */
  ofAddress(address: string): readonly Landed[]
  slotsWithTransactions(from: number, to: number): readonly number[]
  count(): number
  /** Prices paid in one slot, for the fee market; kept in memory for the newest slots alone. */
  notePrice(slot: number, microLamports: bigint, writable: readonly string[]): void
  prices(since: number): ReadonlyMap<number, readonly PricePaid[]>
}

export interface PricePaid {
  readonly microLamports: bigint
  readonly writable: ReadonlySet<string>
}

/** Indexes of every transaction since genesis. */
export const createHistory = (): History => {
  const bySignature = new Map<string, Landed>()
  const byAddress = new Map<string, Landed[]>()
  const bySlot = new Map<number, Landed[]>()
  const prices = new Map<number, PricePaid[]>()
  return {
    add: (landed, keys) => {
      bySignature.set(landed.signature, landed)
      push(bySlot, landed.slot, landed)
      for (const key of new Set(keys)) push(byAddress, key, landed)
    },
    get: (signature) => bySignature.get(signature),
    inSlot: (slot) => bySlot.get(slot) ?? [],
    ofAddress: (address) => byAddress.get(address) ?? [],
    slotsWithTransactions: (from, to) => [...bySlot.keys()].filter((slot) => slot >= from && slot <= to).sort((a, b) => a - b),
    count: () => bySignature.size,
    notePrice: (slot, microLamports, writable) => {
      push(prices, slot, { microLamports, writable: new Set(writable) })
      for (const old of prices.keys()) {
        if (old > slot - PRICE_SLOTS) break
        prices.delete(old)
      }
    },
    prices: (since) => new Map([...prices].filter(([slot]) => slot > since)),
  }
}

/** How far back getRecentPrioritizationFees looks, as on mainnet. */
export const PRICE_SLOTS = 150

const push = <K, V>(map: Map<K, V[]>, key: K, value: V) => {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
