import type { Map as ImmutableMap } from 'immutable'
import type { Posting } from '../../events/postings.ts'

/** Settled funds of an asset are available + reserved, in base units. */
export interface Balance {
  readonly available: bigint
  readonly reserved: bigint
}

export type Balances = ImmutableMap<string, Balance>

const NOTHING: Balance = { available: 0n, reserved: 0n }

export const balanceOf = (balances: Balances, asset: string): Balance => balances.get(asset) ?? NOTHING

/** The trader's side of an event's ledger entries; `external` and `house` are not the account's money. */
export const applyPostings = (balances: Balances, postings: readonly Posting[]): Balances => {
  let next = balances
  for (const { account, asset, amount } of postings) {
    if (account !== 'available' && account !== 'reserved') continue
    const balance = balanceOf(next, asset)
    next = next.set(asset, { ...balance, [account]: balance[account] + amount })
  }
  return next
}

/** A fork took back what had been spent already. */
export const isOverdrawn = (balances: Balances, asset: string): boolean => balanceOf(balances, asset).available < 0n

/** Only available funds can be reserved. */
export const covers = (balances: Balances, asset: string, amount: bigint): boolean => balanceOf(balances, asset).available >= amount
