import type { AccountEvent } from '../../events/account/account-event.ts'
import { type AccountFact, accountProjection, type Fact, required } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface PayoutRow {
  readonly accountId: string
  /** `w-<withdrawalId>`, `t-<transferId>` sent, `r-<from>.<transferId>` received. */
  readonly ref: string
  readonly kind: 'withdrawal' | 'transfer'
  readonly payoutId: string
  /** Where it goes: an address or an account; for one received, the account it came from. */
  readonly counterparty: string
  readonly asset: string
  readonly decimals: number | null
  readonly amount: bigint
  readonly status: 'requested' | 'ready' | 'canceling' | 'sent' | 'completed' | 'canceled' | 'failed' | 'received'
  readonly signature: string | null
  readonly reason: string | null
  readonly revision: bigint
  readonly position: bigint
}

export const payoutsTable: Table<PayoutRow> = {
  name: 'payouts',
  columns: {
    accountId: ['account_id', 'text'],
    ref: ['ref', 'text'],
    kind: ['kind', 'text'],
    payoutId: ['payout_id', 'text'],
    counterparty: ['counterparty', 'text'],
    asset: ['asset', 'text'],
    decimals: ['decimals', 'integer'],
    amount: ['amount', 'numeric'],
    status: ['status', 'text'],
    signature: ['signature', 'text'],
    reason: ['reason', 'text'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'ref'],
  loadBy: ['accountId', 'ref'],
}

/** Withdrawals and transfers, those that came in too, from request to end. */
export const payouts = accountProjection({
  table: payoutsTable,
  reads: (fact, want, born) => {
    const look = isOpening(fact.event) ? born : want
    for (const ref of payoutRefsOf(fact)) look(payoutsTable, fact.accountId, ref)
  },
  apply: (fact, rows) => {
    const { accountId, event, revision, position } = fact
    const table = rows.of(payoutsTable)
    const change = (to: Partial<PayoutRow>): void => {
      const ref = payoutRefsOf(fact)[0]!
      table.put({ ...required(table.get(accountId, ref), `payout ${ref}`), ...to, revision, position })
    }
    switch (event.type) {
      case 'FundsWithdrawalRequested':
      case 'FundsTransferRequested':
      case 'FundsTransferReceived':
        return table.put(newRow(fact, event))
      case 'FundsWithdrawalConfirmed':
        return change({ status: 'ready' })
      case 'FundsWithdrawalCancelRequested':
        return change({ status: 'canceling' })
      case 'FundsWithdrawalCanceled':
        return change({ status: 'canceled' })
      case 'FundsWithdrawalFailed':
      case 'FundsTransferReturned':
        return change({ status: 'failed', reason: event.data.reason })
      case 'FundsWithdrawalSent':
      case 'FundsTransferSent':
        return change({ status: 'sent', signature: event.data.signature })
      case 'FundsWithdrawalReversed':
      case 'FundsTransferRecalled':
        return change({ status: 'ready', signature: null })
      case 'FundsTransferCompleted':
        return change({ status: 'completed' })
      case 'TransactionsFinalized':
        for (const { ref, signature } of event.data.transactions) {
          const row = table.get(accountId, ref)
          if (row?.signature === signature && row.kind === 'withdrawal') table.put({ ...row, status: 'completed', revision, position })
        }
    }
  },
})

const isOpening = (event: Fact['event']): boolean =>
  event.type === 'FundsWithdrawalRequested' || event.type === 'FundsTransferRequested' || event.type === 'FundsTransferReceived'

type Opening = Extract<AccountEvent, { type: 'FundsWithdrawalRequested' | 'FundsTransferRequested' | 'FundsTransferReceived' }>

const newRow = (fact: AccountFact, event: Opening): PayoutRow => {
  const { accountId, revision, position } = fact
  const { asset, amount } = event.data
  const rest = { accountId, ref: payoutRefsOf(fact)[0]!, asset, amount: BigInt(amount), signature: null, reason: null, revision, position }
  switch (event.type) {
    case 'FundsWithdrawalRequested': {
      const { withdrawalId, destination, decimals } = event.data
      const own = { kind: 'withdrawal', payoutId: withdrawalId, counterparty: destination } as const
      return { ...rest, ...own, decimals, status: 'requested' }
    }
    case 'FundsTransferRequested': {
      const { transferId, to, decimals } = event.data
      return { ...rest, kind: 'transfer', payoutId: transferId, counterparty: to, decimals, status: 'ready' }
    }
    case 'FundsTransferReceived': {
      const { transferId, from, signature } = event.data
      const own = { kind: 'transfer', payoutId: transferId, counterparty: from } as const
      return { ...rest, ...own, decimals: null, status: 'received', signature }
    }
    default:
      return event satisfies never
  }
}

/** The payouts that an event opens or changes; those that a finality may end. */
export const payoutRefsOf = ({ event }: AccountFact): readonly string[] => {
  switch (event.type) {
    case 'FundsWithdrawalRequested':
    case 'FundsWithdrawalConfirmed':
    case 'FundsWithdrawalCancelRequested':
    case 'FundsWithdrawalCanceled':
    case 'FundsWithdrawalFailed':
    case 'FundsWithdrawalSent':
    case 'FundsWithdrawalReversed':
      return [`w-${event.data.withdrawalId}`]
    case 'FundsTransferRequested':
    case 'FundsTransferSent':
    case 'FundsTransferRecalled':
    case 'FundsTransferReturned':
    case 'FundsTransferCompleted':
      return [`t-${event.data.transferId}`]
    case 'FundsTransferReceived':
      return [`r-${event.data.from}.${event.data.transferId}`]
    case 'TransactionsFinalized':
      return event.data.transactions.flatMap(({ ref }) => (ref.startsWith('w-') ? [ref] : []))
    default:
      return []
  }
}
