import { type AttemptState, type Attempts, awaitingFinality } from '../transaction/attempt-state.ts'
import { type Balances, balanceOf } from './balances.ts'

/** Base units of an asset that came in. */
export interface Brought {
  readonly asset: string
  readonly amount: bigint
}

/** What a landed attempt brought in: taken back if it vanishes, so it may be traded with but not leave before it is final. */
export const broughtBy = (attempt: AttemptState | undefined): readonly Brought[] => {
  const booked = attempt?.booked
  if (!booked) return []
  switch (booked.kind) {
    case 'credit':
      return [{ asset: booked.asset, amount: booked.amount }]
    case 'trade': {
      const { sold, base, quote, lastQty, lastQuote, surplus, fee } = booked
      // the fee went to the house, which gives it back with the rest
      const got = sold ? { asset: quote, amount: lastQuote - fee } : { asset: base, amount: lastQty - fee }
      return surplus === 0n ? [got] : [got, { asset: base, amount: surplus }]
    }
    default:
      return booked satisfies never
  }
}

/** Funds of the asset that rest on transactions which are not final yet; never negative. */
export const provisionalOf = (attempts: Attempts, asset: string): bigint => {
  const sum = awaitingFinality(attempts)
    .flatMap(broughtBy)
    .reduce((total, brought) => (brought.asset === asset ? total + brought.amount : total), 0n)
  return sum > 0n ? sum : 0n
}

/** What may leave the platform now: available funds that no fork can take back. */
export const withdrawableOf = (state: Attempts & { readonly balances: Balances }, asset: string): bigint => {
  const free = balanceOf(state.balances, asset).available - provisionalOf(state, asset)
  return free > 0n ? free : 0n
}

/** One amount for each asset, as events have them. */
export const totals = (brought: readonly Brought[]): { asset: string; amount: string }[] => {
  const sums = new Map<string, bigint>()
  for (const { asset, amount } of brought) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  return [...sums].map(([asset, amount]) => ({ asset, amount: amount.toString() }))
}
