import type { AccountEvent } from '../../events/account/account-event.ts'
import { postingsOf } from '../../events/postings.ts'
import { accountProjection } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface BalanceRow {
  readonly accountId: string
  readonly asset: string
  /** Base units; settled = available + reserved. */
  readonly available: bigint
  readonly reserved: bigint
  /** The part of settled funds that rests on transactions which are not final yet. */
  readonly provisional: bigint
  readonly revision: bigint
  readonly position: bigint
}

export const balancesTable: Table<BalanceRow> = {
  name: 'balances',
  columns: {
    accountId: ['account_id', 'text'],
    asset: ['asset', 'text'],
    available: ['available', 'numeric'],
    reserved: ['reserved', 'numeric'],
    provisional: ['provisional', 'numeric'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'asset'],
  // all assets of an account at once: the cached document shows them together
  loadBy: ['accountId'],
}

/** What an account owns and what of it is reserved: the running sum of its own postings. */
export const balances = accountProjection({
  table: balancesTable,
  reads: ({ accountId, event, revision }, want, born) => {
    if (revision === 0n) born(balancesTable, accountId)
    else if (postingsOf(event as AccountEvent).length > 0 || provisionalBy(event as AccountEvent).length > 0) want(balancesTable, accountId)
  },
  apply: ({ accountId, event, revision, position }, rows) => {
    const table = rows.of(balancesTable)
    for (const { account, asset, amount } of postingsOf(event as AccountEvent)) {
      if (account !== 'available' && account !== 'reserved') continue
      const before = table.get(accountId, asset) ?? { ...NOTHING, accountId, asset }
      table.put({ ...before, [account]: before[account] + amount, revision, position })
    }
    for (const { asset, amount } of provisionalBy(event as AccountEvent)) {
      const before = table.get(accountId, asset) ?? { ...NOTHING, accountId, asset }
      table.put({ ...before, provisional: before.provisional + amount, revision, position })
    }
  },
})

const NOTHING = { available: 0n, reserved: 0n, provisional: 0n } as const

/** Change of what rests on transactions that are not final: comes with what they bring, goes with their finality or their end. */
const provisionalBy = (event: AccountEvent): readonly { readonly asset: string; readonly amount: bigint }[] => {
  switch (event.type) {
    case 'FundsCredited':
      // one that came unasked was seen final
      if (event.data.slot !== undefined) return []
      return [{ asset: event.data.asset, amount: BigInt(event.data.amount) }]
    case 'FundsDepositReversed':
      return [{ asset: event.data.asset, amount: -BigInt(event.data.amount) }]
    case 'TradeBooked': {
      const { side, base, quote, lastQty, lastQuote } = event.data
      return [side === 'buy' ? { asset: base, amount: BigInt(lastQty) } : { asset: quote, amount: BigInt(lastQuote) }]
    }
    case 'TradeCanceled': {
      const { side, base, quote, busted } = event.data
      return [side === 'buy' ? { asset: base, amount: -BigInt(busted.qty) } : { asset: quote, amount: -BigInt(busted.quote) }]
    }
    case 'LedgerFeeCharged':
      return [{ asset: event.data.asset, amount: -BigInt(event.data.amount) }]
    case 'LedgerFeeReversed':
      return [{ asset: event.data.asset, amount: BigInt(event.data.amount) }]
    case 'FundsSurplusCredited':
      return [{ asset: event.data.surplus.asset, amount: BigInt(event.data.surplus.amount) }]
    case 'TransactionsFinalized':
      return event.data.settled.map(({ asset, amount }) => ({ asset, amount: -BigInt(amount) }))
    default:
      return []
  }
}
