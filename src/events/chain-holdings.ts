import type { AccountEvent } from './account/account-event.ts'
import { postingsOf } from './postings.ts'

/** Base units of an asset that a wallet should hold more (negative: fewer) from an event on. */
export interface HoldingChange {
  readonly accountId: string
  readonly asset: string
  readonly amount: bigint
}

/**
 * What an event in the stream of `accountId` changes in what the wallets should hold on the chain: settled funds, trading fees that the
 * house has collected and that still lie in the trader's wallet, and transfers that have reached a wallet whose account books them once
 * they are final. Whoever compares ledger and chain adds these up: what one forgets is a difference for the other.
 */
export const holdingChanges = (accountId: string, event: AccountEvent): readonly HoldingChange[] => {
  const own = postingsOf(event)
    .filter(({ account, kind }) => account === 'available' || account === 'reserved' || (account === 'house' && kind === 'trading_fee'))
    .map(({ asset, amount }) => ({ accountId, asset, amount }))
  switch (event.type) {
    case 'FundsTransferSent':
      return [...own, { accountId: event.data.to, asset: event.data.asset, amount: BigInt(event.data.amount) }]
    case 'FundsTransferRecalled':
      return [...own, { accountId: event.data.to, asset: event.data.asset, amount: -BigInt(event.data.amount) }]
    case 'FundsTransferReceived':
      return [...own, { accountId, asset: event.data.asset, amount: -BigInt(event.data.amount) }]
    default:
      return own
  }
}
