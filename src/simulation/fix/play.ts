import type { Decision } from '../../commands/account/command.ts'
import type { OrderState } from '../../commands/order/order-state.ts'
import { isOver } from '../../commands/order/requests.ts'
import { formatUnits, parsePrice, quoteFor } from '../../platform/decimal.ts'
import { type ChildTransactions, childTransactions } from './child-transactions.ts'
import { ACCOUNT, type Desk, openDesk } from './desk.ts'
import { createReports, type Line, NO_ORDER, type Reports, refusedFor, type View, viewOf } from './reports.ts'
import { type Message, playOrder, type Scenario, type Step } from './scenario.ts'
import { BASE, changeOf, INSTRUMENT, QUOTE, requestOf, units, WALLET } from './terms.ts'

/** Plays one scenario on a fresh account: one line a step, none where the product has nothing to report. */
export const play = (scenario: Scenario, { restart }: { readonly restart: boolean }): readonly Line[] => {
  const desk = openDesk()
  fund(desk)
  const table: Table = {
    desk,
    children: childTransactions(desk),
    reports: createReports(desk),
    waiting: new Map(),
    numbers: new Map(),
    rejected: new Map(),
    executions: new Map(),
  }
  return playOrder(scenario).flatMap((index) => {
    const step = scenario.steps[index]!
    if (restart) desk.restart()
    const told = tellSafely(table, step)
    return told ? [{ id: scenario.id, step: index, order: step.order, ...told }] : []
  })
}

/** What the runner knows besides the account: messages on their way, and whose ids are whose. */
interface Table {
  readonly desk: Desk
  readonly children: ChildTransactions
  readonly reports: Reports
  /** Requests that were sent and not decided yet, by ClOrdID: they wait in the account's mailbox. */
  readonly waiting: Map<string, Message>
  /** Order number by the scenario's name of the order. */
  readonly numbers: Map<string, number>
  readonly rejected: Map<string, View>
  /** ExecID → the child transaction whose execution it is. */
  readonly executions: Map<string, { readonly number: number; readonly attempt: number }>
}

type Told = Omit<Line, 'id' | 'step' | 'order'>

const tellSafely = (table: Table, step: Step): Told | undefined => {
  try {
    return step.direction === 'in' ? send(table, step) : report(table, step)
  } catch (error) {
    return { ...viewNow(table, step.order), error: error instanceof Error ? error.message : String(error) }
  }
}

/** A request travels: nothing is decided before the venue's side answers. */
const send = (table: Table, { order, message }: Step): Told => {
  if (message.clOrdID !== undefined && message.type !== 'OrderStatusRequest') table.waiting.set(message.clOrdID, message)
  return viewNow(table, order)
}

const report = (table: Table, step: Step): Told | undefined => {
  const { order, message } = step
  if (message.type === 'OutOfBand') return viewNow(table, order)
  if (message.type === 'OrderCancelReject') return refuse(table, step)
  switch (message.execType) {
    case 'PendingNew':
    case 'OrderStatus': {
      const view = viewNow(table, order)
      return { ...view, ordStatus: view.ordStatus ?? 'Rejected', execType: message.execType, lastQty: '0' }
    }
    case 'New':
      accept(table, order)
      return told(table, order, 'New')
    case 'Rejected':
      return reject(table, order, message)
    case 'Trade':
      return trade(table, order, message)
    case 'TradeCancel':
      return bust(table, order, message)
    case 'PendingCancel':
    case 'PendingReplace':
      return pend(table, order, message)
    case 'Canceled':
      return canceled(table, order, message)
    case 'Replaced':
      return replaced(table, order, message)
    case 'Expired': {
      const number = accept(table, order)
      const deadline = table.desk.state().orders.get(number)?.expireAt
      if (deadline) table.desk.waitUntil(deadline)
      table.children.expireAll(number)
      table.desk.does({ type: 'ExpireOrder', number })
      return told(table, order, 'Expired')
    }
    default:
      throw new Error(`no such report: ${message.execType}`)
  }
}

/** Decides the NewOrderSingle that waits, if one does; a resting order then has a failed transaction that a fork may bring back. */
const accept = (table: Table, name: string): number => {
  const known = table.numbers.get(name)
  if (known !== undefined) return known
  const decision = placeWaiting(table, name, 'available')
  if (decision.answer.kind !== 'order') throw new Error(`not accepted: ${refusedFor(decision) ?? decision.answer.kind}`)
  const number = table.desk.state().nextOrder - 1
  table.numbers.set(name, number)
  const { timeInForce } = decision.answer.order
  if (timeInForce !== 'ioc' && timeInForce !== 'fok') table.children.fail(number)
  return number
}

const placeWaiting = (table: Table, name: string, route: 'available' | 'none'): Decision => {
  const message = table.waiting.get(name)
  if (message?.type !== 'NewOrderSingle') throw new Error('no such order')
  table.waiting.delete(name)
  const reference = { price: message.price ?? '50', sourceId: 'fix', time: table.desk.now() }
  return table.desk.does({ type: 'PlaceOrder', request: requestOf(message), instrument: INSTRUMENT, reference, route })
}

/** The venue has no route for the order, or the account has its own reason to refuse it. */
const reject = (table: Table, name: string, { clOrdID = name }: Message): Told => {
  const asked = table.waiting.get(clOrdID)
  const decision = placeWaiting(table, clOrdID, 'none')
  if (decision.answer.kind !== 'refused') throw new Error('the order was not refused')
  if (decision.events.length > 0 && asked) {
    const qty = formatUnits(units(asked.orderQty, BASE), BASE.decimals)
    table.rejected.set(name, { ...NO_ORDER, ordStatus: 'Rejected', orderQty: qty })
  }
  return { ...viewNow(table, name), execType: 'Rejected', lastQty: '0' }
}

const trade = (table: Table, name: string, message: Message): Told => {
  const { desk, children, executions } = table
  const number = accept(table, name)
  const attempt = children.toLand(number)
  const qty = units(message.lastQty, BASE)
  const cost = quoteFor(qty, parsePrice(message.lastPx ?? '0') ?? 0n, BASE.decimals, QUOTE.decimals)
  children.land(attempt, orderOf(desk, number), qty, cost.numerator / cost.denominator)
  if (message.execID !== undefined) executions.set(message.execID, { number, attempt: attempt.attempt })
  const single = told(table, name, 'Trade')
  // a bundled report tells the whole append at once
  return message.ordStatus === undefined ? single : { ...single, ...viewOf(orderOf(desk, number)) }
}

const bust = (table: Table, name: string, { execID, execRefID = '' }: Message): Told => {
  const busted = table.executions.get(execRefID)
  if (!busted || !table.children.vanish(busted.number, busted.attempt)) return { ...viewNow(table, name), error: 'InvalidExecRefID' }
  if (execID !== undefined) table.executions.set(execID, busted)
  return { ...told(table, name, 'TradeCancel'), lastQty: '0' }
}

/** A request of an order whose transaction is open has to wait. A filled or ended order takes none: then there is nothing to report. */
const pend = (table: Table, name: string, { clOrdID = '', execType = '' }: Message): Told | undefined => {
  const number = accept(table, name)
  openWindow(table, number)
  decideWaiting(table, number, clOrdID)
  const found = table.reports.execution(number, execType, clOrdID)
  return found && { ...viewOf(found.order), execType, lastQty: '0' }
}

/** A trade that a fork takes back at once is how the window comes about, and none of the scenario's. */
const openWindow = ({ desk, children, reports }: Table, number: number): void => {
  if (!isOver(orderOf(desk, number))) reports.leaveOut(() => children.openWindow(number))
}

const canceled = (table: Table, name: string, { clOrdID = name }: Message): Told => {
  const { children, desk, waiting, reports } = table
  const number = accept(table, name)
  const earlier = reports.execution(number, 'Canceled')
  if (earlier) return { ...viewOf(earlier.order), execType: 'Canceled', lastQty: '0' }
  const order = orderOf(desk, number)
  const asked = waiting.has(clOrdID) || order.requests.some((request) => request.clOrdId === clOrdID)
  if (!asked && (order.timeInForce === 'ioc' || order.timeInForce === 'fok')) {
    // the venue cannot serve it within its price: its one transaction fails
    children.fail(number)
    return told(table, name, 'Canceled')
  }
  // nobody asked under a ClOrdID of their own: the plain cancel, pending where a transaction is open
  if (!asked && !isOver(order)) desk.does({ type: 'CancelOrder', number })
  children.expireAll(number)
  decideWaiting(table, number, clOrdID)
  return told(table, name, 'Canceled')
}

const replaced = (table: Table, name: string, { clOrdID = '' }: Message): Told => {
  const number = accept(table, name)
  const earlier = table.reports.execution(number, 'Replaced', clOrdID)
  if (earlier) return { ...viewOf(earlier.order), execType: 'Replaced', lastQty: '0' }
  table.children.expireAll(number)
  decideWaiting(table, number, clOrdID)
  return told(table, name, 'Replaced', clOrdID)
}

/** The decider's own refusal where it has one; a request it would take is taken back by the trader while it is pending. */
const refuse = (table: Table, { order: name, message: { clOrdID = '', origClOrdID = '' } }: Step): Told => {
  const { children, desk, reports, waiting } = table
  const number = table.numbers.get(name) ?? table.numbers.get(origClOrdID) ?? (waiting.has(name) ? accept(table, name) : undefined)
  if (number === undefined) {
    const unknown = desk.does({ type: 'CancelOrder', number: desk.state().nextOrder, clOrdId: clOrdID })
    return { ...NO_ORDER, ordStatus: 'Rejected', cxlRejReason: refusedFor(unknown) ?? 'none' }
  }
  if (waiting.has(clOrdID)) {
    openWindow(table, number)
    const reason = decideWaiting(table, number, clOrdID)
    if (reason !== undefined) return { ...viewOf(orderOf(desk, number)), cxlRejReason: reason }
  }
  const pending = orderOf(desk, number)
  if (pending.requests.some((request) => request.clOrdId === clOrdID)) {
    if (isOver(pending)) children.expireAll(number)
    else desk.does({ type: 'WithdrawRequest', number, clOrdId: clOrdID })
  }
  const found = reports.refusal(number, clOrdID)
  if (found) return { ...viewOf(found.order), cxlRejReason: found.cxlRejReason }
  // it was refused when it came
  const reason = table.rejected.get(clOrdID)?.ordStatus
  if (reason === undefined || reason === null) throw new Error('the request was not refused')
  return { ...viewOf(orderOf(desk, number)), cxlRejReason: reason }
}

/** Gives the account a request that waits; the reason when it refuses it at once. */
const decideWaiting = (table: Table, number: number, clOrdID: string): string | undefined => {
  const message = table.waiting.get(clOrdID)
  if (!message || message.type === 'NewOrderSingle') return undefined
  table.waiting.delete(clOrdID)
  const decision =
    message.type === 'OrderCancelRequest'
      ? table.desk.does({ type: 'CancelOrder', number, clOrdId: clOrdID })
      : table.desk.does({ type: 'ReplaceOrder', number, clOrdId: clOrdID, change: changeOf(message) })
  const reason = refusedFor(decision)
  if (reason !== undefined) table.rejected.set(clOrdID, { ...NO_ORDER, ordStatus: reason })
  return reason
}

const told = (table: Table, name: string, execType: string, request?: string): Told => {
  const number = table.numbers.get(name) ?? 0
  const found = table.reports.execution(number, execType, request)
  if (!found) throw new Error(`the account has no ${execType} to report`)
  const { event } = found.entry
  const lastQty = event.type === 'TradeBooked' ? formatUnits(BigInt(event.data.lastQty), BASE.decimals) : '0'
  return { ...viewOf(found.order), execType, lastQty }
}

const viewNow = ({ desk, numbers, rejected, waiting }: Table, name: string): View => {
  const number = numbers.get(name)
  if (number !== undefined) return viewOf(orderOf(desk, number))
  const refused = rejected.get(name)
  if (refused) return refused
  const message = waiting.get(name)
  if (message?.type !== 'NewOrderSingle') return NO_ORDER
  // sent, and not yet durable
  const qty = formatUnits(units(message.orderQty, BASE), BASE.decimals)
  return { ordStatus: 'PendingNew', orderQty: qty, cumQty: '0', leavesQty: qty, avgPx: '0' }
}

const orderOf = (desk: Desk, number: number): OrderState => {
  const order = desk.state().orders.get(number) ?? desk.state().canceled.get(number)
  if (!order) throw new Error('the order has left the account')
  return order
}

const fund = (desk: Desk): void => {
  desk.does({ type: 'OpenAccount', accountId: ACCOUNT })
  desk.does({ type: 'AssignWallet', publicKey: WALLET, path: 'm' })
  for (const asset of [BASE, QUOTE]) {
    const depositId = asset.asset
    const key = { ref: `d-${depositId}`, attempt: 1, signature: `deposit-${depositId}` }
    desk.does({ type: 'RequestDeposit', depositId, asset, amount: FUNDS })
    desk.does({ type: 'RecordSigned', ...key, purpose: 'deposit', rawBytes: 'AAAA', lastValidBlockHeight: 1, minSlot: 0, quoted: null })
    const deltas = [{ tokenAccount: depositId, owner: WALLET, mint: asset.mint, amount: FUNDS.toString() }]
    desk.does({ type: 'BookLanded', ...key, slot: 1, fee: '0', priorityFee: '0', tip: '0', rent: '0', deltas })
  }
}

/** Ten million of each: no scenario is about a lack of funds. */
const FUNDS = 10_000_000_000_000n
