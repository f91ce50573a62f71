import type { DataOf } from '../../events/account/account-event.ts'
import { type Compensation, isTerminal } from '../../events/fields.ts'
import { type AccountFact, accountProjection } from '../projection.ts'
import type { RowSets } from '../rows/rows.ts'
import type { Table } from '../rows/table.ts'
import { depositOf, futureTroubleOf, isOrderNumber, isPayoutRef, troubleOf } from './compensation-ids.ts'
import { depositsTable } from './deposits.ts'
import { orderNumberOf, ordersTable } from './orders.ts'
import { payoutsTable } from './payouts.ts'

export interface CompensationRow {
  readonly accountId: string
  /** `c-<revision>` of a compensating event, `u-<ref>.<attempt>` of an unknown outcome, `o-<number>` of an order, `d-`, `w-`, `t-`, `v-` or `k-<id>` of a deposit, withdrawal, transfer, divergence or correction. */
  readonly compensationId: string
  readonly state: 'unresolved' | 'resolved'
  readonly causeType: string
  readonly causeRef: string
  readonly causeAttempt: number | null
  /** The command whose effect is reversed; null while only the trouble is known, and for rows, which no command had put wrong. */
  readonly command: string | null
  /** `rows`: rows of the read models that were not what the events say. */
  readonly reverses: Compensation['reverses'] | 'rows'
  readonly asset: string | null
  readonly amount: bigint | null
  readonly openedPosition: bigint
  readonly resolvedPosition: bigint | null
  /** Type of the event that resolved it. */
  readonly resolvedBy: string | null
  readonly revision: bigint
  readonly position: bigint
}

export const compensationsTable: Table<CompensationRow> = {
  name: 'compensations',
  columns: {
    accountId: ['account_id', 'text'],
    compensationId: ['compensation_id', 'text'],
    state: ['state', 'text'],
    causeType: ['cause_type', 'text'],
    causeRef: ['cause_ref', 'text'],
    causeAttempt: ['cause_attempt', 'integer'],
    command: ['command', 'text'],
    reverses: ['reverses', 'text'],
    asset: ['asset', 'text'],
    amount: ['amount', 'numeric'],
    openedPosition: ['opened_position', 'bigint'],
    resolvedPosition: ['resolved_position', 'bigint'],
    resolvedBy: ['resolved_by', 'text'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'compensationId'],
  loadBy: ['accountId', 'compensationId'],
}

/**
 * The compensation ledger. Settled at once: every event that says what it reverses. Open meanwhile: an outcome nobody can prove,
 * an ended order that still holds a reservation, a deposit whose transaction failed. At rest nothing is unresolved.
 */
export const compensations = accountProjection({
  table: compensationsTable,
  reads: (fact, want, born) => {
    const { accountId, event } = fact
    const possible = futureTroubleOf(event)
    if (possible !== undefined) born(compensationsTable, accountId, possible)
    const trouble = troubleOf(fact)
    if (trouble === undefined) return
    want(compensationsTable, accountId, trouble)
    if (!('ref' in event.data)) return
    // what hangs on the transaction: shown as the effect in doubt
    const deposit = depositOf(event.data.ref)
    if (deposit !== undefined) {
      want(depositsTable, accountId, deposit)
      want(compensationsTable, accountId, `d-${deposit}`)
    } else if (isPayoutRef(event.data.ref)) {
      want(payoutsTable, accountId, event.data.ref)
      want(compensationsTable, accountId, event.data.ref)
    } else if (isOrderNumber(event.data.ref)) want(ordersTable, accountId, BigInt(event.data.ref))
  },
  apply: (fact, rows) => {
    const { event } = fact
    switch (event.type) {
      case 'TransactionOutcomeUnknown':
        return openUnknown(fact, event.data, rows)
      case 'TransactionLanded':
      case 'TransactionLandedLate':
        return settle(fact, rows, `u-${event.data.ref}.${event.data.attempt}`)
      case 'TransactionFailed':
      case 'TransactionExpired':
        settle(fact, rows, `u-${event.data.ref}.${event.data.attempt}`)
        openFailedDeposit(fact, event.data, rows)
        return openFailedPayout(fact, event.data, rows)
      case 'FundsCredited':
        return settle(fact, rows, `d-${event.data.depositId}`)
      case 'FundsDepositFailed':
        return record(fact, rows, `d-${event.data.depositId}`, event.data.compensates)
      case 'FundsWithdrawalSent':
      case 'FundsWithdrawalCanceled':
        return settle(fact, rows, `w-${event.data.withdrawalId}`)
      case 'FundsWithdrawalFailed':
        return record(fact, rows, `w-${event.data.withdrawalId}`, event.data.compensates)
      case 'FundsTransferReturned':
        return record(fact, rows, `t-${event.data.transferId}`, event.data.compensates)
      case 'FundsTransferSent':
        // in transit: nobody's until the receiver has booked it
        return openTransit(fact, event.data, rows)
      case 'FundsTransferCompleted':
        return settle(fact, rows, `t-${event.data.transferId}`)
      case 'FundsTransferRecalled':
        settle(fact, rows, `t-${event.data.transferId}`)
        return record(fact, rows, `c-${fact.revision}`, event.data.compensates)
      case 'LedgerDivergenceFound':
        return openDivergence(fact, event.data, rows)
      case 'LedgerDivergenceResolved':
        return settle(fact, rows, `v-${event.data.divergenceId}`)
      case 'LedgerCorrectionRequested':
        return openCorrection(fact, event.data, rows)
      case 'LedgerCorrected':
        return record(fact, rows, `k-${event.data.correctionId}`, event.data.compensates)
      case 'LedgerCorrectionRejected':
        return settle(fact, rows, `k-${event.data.correctionId}`)
      case 'FundsWithdrawalReversed':
      case 'FundsWithdrawalLate':
      case 'TradeOverfilled':
      case 'FundsDepositReversed':
      case 'LedgerFeeReversed':
        return record(fact, rows, `c-${fact.revision}`, event.data.compensates)
      case 'OrderCanceled':
      case 'OrderExpired':
      case 'TradeCanceled':
        if (event.data.compensates) record(fact, rows, `c-${fact.revision}`, event.data.compensates)
        return watchReservation(fact, rows)
      case 'TradeBooked':
        return watchReservation(fact, rows)
      case 'ReadModelRepaired':
        return recordRepair(fact, event.data.firstPosition, rows)
    }
  },
})

type Effect = Pick<CompensationRow, 'reverses' | 'asset' | 'amount'>

const open = (
  fact: AccountFact,
  rows: RowSets,
  compensationId: string,
  cause: { ref: string; attempt: number | null },
  effect: Effect,
): void => {
  const { accountId, event, revision, position } = fact
  const causes = { causeType: event.type, causeRef: cause.ref, causeAttempt: cause.attempt, command: null }
  const unresolved = { state: 'unresolved', openedPosition: position, resolvedPosition: null, resolvedBy: null } as const
  rows.of(compensationsTable).put({ accountId, compensationId, ...causes, ...effect, ...unresolved, revision, position })
}

const settle = ({ accountId, event, revision, position }: AccountFact, rows: RowSets, compensationId: string): void => {
  const table = rows.of(compensationsTable)
  const row = table.get(accountId, compensationId)
  if (row?.state !== 'unresolved') return
  table.put({ ...row, state: 'resolved', resolvedPosition: position, resolvedBy: event.type, revision, position })
}

/** A compensating event: trouble and resolution in one, or the end of a trouble known before. */
const record = ({ accountId, event, revision, position }: AccountFact, rows: RowSets, compensationId: string, c: Compensation): void => {
  const table = rows.of(compensationsTable)
  const openedPosition = table.get(accountId, compensationId)?.openedPosition ?? position
  const cause = { causeType: c.cause.type, causeRef: c.cause.ref, causeAttempt: c.cause.attempt, command: c.command }
  const effect = { reverses: c.reverses, asset: c.effect.asset, amount: BigInt(c.effect.amount) }
  const resolved = { state: 'resolved', openedPosition, resolvedPosition: position, resolvedBy: event.type } as const
  table.put({ accountId, compensationId, ...cause, ...effect, ...resolved, revision, position })
}

/** The cause is named by the position of the first event whose rows were wrong: answers from there on may have been. */
const recordRepair = ({ accountId, event, revision, position }: AccountFact, firstPosition: string, rows: RowSets): void => {
  const cause = { causeType: 'ReadModelDiverged', causeRef: firstPosition, causeAttempt: null, command: null }
  const effect = { reverses: 'rows', asset: null, amount: null } as const
  const resolved = { state: 'resolved', openedPosition: position, resolvedPosition: position, resolvedBy: event.type } as const
  rows.of(compensationsTable).put({ accountId, compensationId: `c-${revision}`, ...cause, ...effect, ...resolved, revision, position })
}

const openUnknown = (fact: AccountFact, cause: { ref: string; attempt: number }, rows: RowSets): void =>
  open(fact, rows, `u-${cause.ref}.${cause.attempt}`, cause, effectInDoubt(fact.accountId, cause.ref, rows))

const effectInDoubt = (accountId: string, ref: string, rows: RowSets): Effect => {
  const depositId = depositOf(ref)
  if (depositId !== undefined) {
    const deposit = rows.of(depositsTable).get(accountId, depositId)
    return { reverses: 'deposit', asset: deposit?.asset ?? null, amount: deposit?.requested ?? null }
  }
  if (isPayoutRef(ref)) {
    const payout = rows.of(payoutsTable).get(accountId, ref)
    return { reverses: payout?.kind ?? 'transfer', asset: payout?.asset ?? null, amount: payout?.amount ?? null }
  }
  const order = isOrderNumber(ref) ? rows.of(ordersTable).get(accountId, BigInt(ref)) : undefined
  return { reverses: 'reservation', asset: order?.reservedAsset ?? null, amount: order?.reserved ?? null }
}

const openFailedDeposit = (fact: AccountFact, cause: { ref: string; attempt: number }, rows: RowSets): void => {
  const depositId = depositOf(cause.ref)
  if (depositId === undefined) return
  const deposit = rows.of(depositsTable).get(fact.accountId, depositId)
  if (deposit?.status === 'requested')
    open(fact, rows, `d-${depositId}`, cause, { reverses: 'deposit', asset: deposit.asset, amount: deposit.requested })
}

/** Its funds stay reserved until another attempt sends it or it is given up. */
const openFailedPayout = (fact: AccountFact, cause: { ref: string; attempt: number }, rows: RowSets): void => {
  const payout = isPayoutRef(cause.ref) ? rows.of(payoutsTable).get(fact.accountId, cause.ref) : undefined
  if (payout?.status === 'ready' || payout?.status === 'canceling')
    open(fact, rows, cause.ref, cause, { reverses: payout.kind, asset: payout.asset, amount: payout.amount })
}

/** The chain has more (negative: less) than the ledger says. */
const openDivergence = (fact: AccountFact, { divergenceId, asset, ledger, chain }: DataOf<'LedgerDivergenceFound'>, rows: RowSets): void =>
  open(
    fact,
    rows,
    `v-${divergenceId}`,
    { ref: divergenceId, attempt: null },
    { reverses: 'balance', asset, amount: BigInt(chain) - BigInt(ledger) },
  )

/** Asked for, and not decided. */
const openCorrection = (fact: AccountFact, asked: DataOf<'LedgerCorrectionRequested'>, rows: RowSets): void =>
  open(
    fact,
    rows,
    `k-${asked.correctionId}`,
    { ref: asked.correctionId, attempt: null },
    { reverses: 'balance', asset: asked.asset, amount: BigInt(asked.amount) },
  )

const openTransit = (fact: AccountFact, sent: DataOf<'FundsTransferSent'>, rows: RowSets): void =>
  open(
    fact,
    rows,
    `t-${sent.transferId}`,
    { ref: `t-${sent.transferId}`, attempt: sent.attempt },
    { reverses: 'transfer', asset: sent.asset, amount: BigInt(sent.amount) },
  )

/** Runs after the orders projection: looks at the order as this event left it. */
const watchReservation = (fact: AccountFact, rows: RowSets): void => {
  const number = orderNumberOf(fact)
  const order = number === undefined ? undefined : rows.of(ordersTable).get(fact.accountId, number)
  if (!order) return
  const id = `o-${order.number}`
  if (isTerminal(order.ordStatus) && order.reserved !== 0n)
    open(
      fact,
      rows,
      id,
      { ref: String(order.number), attempt: null },
      { reverses: 'reservation', asset: order.reservedAsset, amount: order.reserved },
    )
  else settle(fact, rows, id)
}
