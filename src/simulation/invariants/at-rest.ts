import type { AccountState } from '../../commands/account/state.ts'
import { hasEnded } from '../../commands/ledger/payout.ts'
import { isImmediate } from '../../commands/order/order-state.ts'
import { awaitingFinality, openAttempts } from '../../commands/transaction/attempt-state.ts'
import { isTerminal } from '../../events/fields.ts'
import { tokenAccountOf } from '../../rpc/account-reads.ts'
import type { BlockChain } from '../chain/block-chain.ts'
import type { Violations } from './violations.ts'

/** Something of the account has still to happen by itself. */
export const isBusy = (state: AccountState): boolean =>
  state.wallet === undefined ||
  openAttempts(state).length > 0 ||
  awaitingFinality(state).length > 0 ||
  [...state.deposits.values()].some(({ status }) => status === 'requested') ||
  // a withdrawal that nobody has confirmed waits for ever
  [...state.payouts.values()].some((payout) => !hasEnded(payout) && (payout.status !== 'requested' || payout.cancelAsked)) ||
  // a resting order that was triggered and lost its price waits for the next one, if need be for ever
  [...state.orders.values()].some(
    (order) => order.ordStatus === 'PendingCancel' || (!isTerminal(order.ordStatus) && order.executable && isImmediate(order)),
  )

export const restingOrders = (state: AccountState): readonly number[] =>
  [...state.orders.values()].filter(({ ordStatus }) => !isTerminal(ordStatus)).map(({ number }) => number)

export const unconfirmed = (state: AccountState): readonly string[] =>
  [...state.payouts.values()].filter(({ status }) => status === 'requested').map(({ id }) => id)

/** Nothing is under way any more: the ledger is the chain, nothing is held, everything has ended. */
export const checkRest = (accountId: string, state: AccountState, chain: BlockChain, violations: Violations): void => {
  if (isBusy(state)) violations.add('other', `${accountId}: still busy at the end`)
  for (const [asset, { available, reserved }] of state.balances)
    if (reserved !== 0n) violations.add('orphan', `${accountId}: ${reserved} ${asset} reserved at rest (available ${available})`)
  const owner = state.wallet?.publicKey
  if (owner === undefined) return
  const assets = new Map(chain.instruments.flatMap(({ base, quote }) => [base, quote]).map((asset) => [asset.asset, asset.mint]))
  for (const [asset, mint] of assets) {
    const held = chain.state.get(tokenAccountOf({ owner, mint }).toBase58())?.amount ?? 0n
    const { available, reserved } = state.balances.get(asset) ?? { available: 0n, reserved: 0n }
    const owned = available + reserved + (state.collected.get(asset) ?? 0n)
    if (held !== owned) violations.add('lost', `${accountId}: ${asset} ledger ${owned}, chain ${held}`)
  }
}
