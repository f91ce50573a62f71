import type { DataOf } from '../../events/account/account-event.ts'
import { changeTrade } from './evolve-orders.ts'
import type { AccountState } from './state.ts'

/** Remembers the fee on the trade's attempt, which takes it back to the unit, and among what lies in the wallet for the house. */
export const bookFee = (state: AccountState, { execId, asset, amount }: DataOf<'LedgerFeeCharged'>): AccountState => {
  const fee = BigInt(amount)
  return collect(
    changeTrade(state, execId, (trade) => ({ ...trade, fee: trade.fee + fee })),
    asset,
    fee,
  )
}

/** More (negative: less) of an asset lies in the wallet that belongs to the house. */
export const collect = (state: AccountState, asset: string, units: bigint): AccountState => ({
  ...state,
  collected: state.collected.set(asset, (state.collected.get(asset) ?? 0n) + units),
})
