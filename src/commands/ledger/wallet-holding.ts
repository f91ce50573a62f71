import type { Map as ImmutableMap } from 'immutable'
import { type AttemptState, type Attempts, awaitingFinality } from '../transaction/attempt-state.ts'
import { type Balances, balanceOf } from './balances.ts'
import type { PayoutState } from './payout.ts'

/** What of an account's fold says what its wallet should hold. */
export interface WalletOwner extends Attempts {
  readonly balances: Balances
  readonly collected: ImmutableMap<string, bigint>
  readonly payouts: ImmutableMap<string, PayoutState>
}

/**
 * Base units of an asset that the wallet should hold as of a finalised slot: settled funds and the fees that the house has taken and not
 * fetched, without what landed after that slot. Transfers to the account that are under way are not in its fold.
 */
export const walletHolding = (owner: WalletOwner, asset: string, slot: number): bigint => {
  const { available, reserved } = balanceOf(owner.balances, asset)
  const later = awaitingFinality(owner).filter((attempt) => (attempt.slot ?? 0) > slot)
  return available + reserved + (owner.collected.get(asset) ?? 0n) - later.reduce((sum, each) => sum + movedBy(owner, each, asset), 0n)
}

/** What the attempt's booked landing changed in the wallet. */
const movedBy = ({ payouts }: WalletOwner, attempt: AttemptState, asset: string): bigint => {
  const payout = payouts.get(attempt.ref)
  if (payout) return payout.sent?.signature === attempt.signature && payout.asset === asset ? -payout.amount : 0n
  const { booked } = attempt
  if (!booked) return 0n
  switch (booked.kind) {
    case 'credit':
      return booked.asset === asset ? booked.amount : 0n
    case 'trade': {
      const base = (booked.sold ? -booked.lastQty : booked.lastQty) + booked.surplus
      const quote = booked.sold ? booked.lastQuote : -booked.lastQuote
      return (booked.base === asset ? base : 0n) + (booked.quote === asset ? quote : 0n)
    }
    default:
      return booked satisfies never
  }
}
