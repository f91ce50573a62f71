import assert from 'node:assert/strict'
import { type FoldedOrder, foldOrder } from '../../../src/audit/order-fold.ts'
import { walletHolding } from '../../../src/commands/ledger/wallet-holding.ts'
import { orderFacts } from '../../../src/commands/order/order-state.ts'
import { statusOf } from '../../../src/commands/order/requests.ts'
import { hasOpenAttempt } from '../../../src/commands/transaction/attempt-state.ts'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { holdingChanges } from '../../../src/events/chain-holdings.ts'
import { isTerminal } from '../../../src/events/fields.ts'
import { orderDocument } from '../../../src/events/order-document.ts'
import { postingsOf } from '../../../src/events/postings.ts'
import { SOL, type Story, USDC, WALLET } from './account-story.ts'

/** The wallet as the chain has it: the balance changes of every booked transaction that still stands. */
const onChain = (events: readonly AccountEvent[], mint: string): bigint => {
  const standing = new Map<string, bigint>()
  for (const event of events) {
    if (event.type === 'TransactionVanished') standing.delete(event.data.signature)
    // What came unasked came by a transaction of somebody else, once.
    if (event.type === 'FundsCredited' && event.data.slot !== undefined && event.data.asset === (mint === SOL.mint ? 'SOL' : 'USDC'))
      standing.set(`${event.data.signature} ${event.data.tokenAccount}`, BigInt(event.data.amount))
    if (event.type !== 'TransactionLanded') continue
    const own = event.data.deltas.filter((delta) => delta.owner === WALLET && delta.mint === mint)
    standing.set(
      event.data.signature,
      own.reduce((sum, delta) => sum + BigInt(delta.amount), 0n),
    )
  }
  return [...standing.values()].reduce((sum, amount) => sum + amount, 0n)
}

/** The same of the finalised chain, before anything that awaits finality: attempts of these histories land after slot 0. */
const finalOnChain = (events: readonly AccountEvent[], mint: string): bigint => {
  const final = new Set(
    events.flatMap((event) =>
      event.type === 'TransactionsFinalized' ? event.data.transactions.map((t) => `${t.signature} ${t.generation}`) : [],
    ),
  )
  return onChain(
    events.filter((event) => event.type !== 'TransactionLanded' || final.has(`${event.data.signature} ${event.data.generation}`)),
    mint,
  )
}

/** What other accounts sent: their transactions moved it. */
const receivedOf = (events: readonly AccountEvent[], asset: string): bigint =>
  events.reduce(
    (sum, event) => (event.type === 'FundsTransferReceived' && event.data.asset === asset ? sum + BigInt(event.data.amount) : sum),
    0n,
  )

/** Fees of the trades that were not busted. */
const chargedIn = (events: readonly AccountEvent[], asset: string): bigint => {
  const trades = new Map<string, bigint>()
  for (const event of events) {
    if (event.type === 'LedgerFeeCharged' && event.data.asset === asset) trades.set(event.data.execId, BigInt(event.data.amount))
    if (event.type === 'TradeCanceled') trades.delete(event.data.execRefId)
  }
  return [...trades.values()].reduce((sum, fee) => sum + fee, 0n)
}

const holdingOf = (events: readonly AccountEvent[], asset: string): bigint =>
  events
    .flatMap((event) => holdingChanges('acct', event))
    .reduce((sum, change) => (change.asset === asset && change.accountId === 'acct' ? sum + change.amount : sum), 0n)

/** Received transfers were counted where they were sent, in the sender's stream, which is not here. */
const sentOf = (events: readonly AccountEvent[], asset: string): bigint => -receivedOf(events, asset)

export const assertDoubleEntry = (event: AccountEvent): void => {
  const sums = new Map<string, bigint>()
  for (const { asset, amount } of postingsOf(event)) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  for (const [asset, sum] of sums) assert.equal(sum, 0n, `${event.type} is not balanced in ${asset}`)
}

export const assertInvariants = ({ state, events }: Story): void => {
  for (const { asset, mint } of [SOL, USDC]) {
    const { available, reserved } = state.balances.get(asset) ?? { available: 0n, reserved: 0n }
    const collected = state.collected.get(asset) ?? 0n
    assert.equal(
      available + reserved + collected,
      onChain(events, mint) + receivedOf(events, asset),
      `settled ${asset} and the fees taken are what the chain has`,
    )
    assert.equal(walletHolding(state, asset, Number.MAX_SAFE_INTEGER), available + reserved + collected, `all of ${asset} by now`)
    assert.equal(
      walletHolding(state, asset, 0),
      finalOnChain(events, mint) + receivedOf(events, asset),
      `the finalised chain has what of ${asset} is not awaiting it`,
    )
    assert.equal(collected, chargedIn(events, asset), `collected ${asset} is what stands of the fees`)
    assert.equal(available + reserved + collected + sentOf(events, asset), holdingOf(events, asset), `holding changes of ${asset} add up`)
    const held = [...state.orders.values()].reduce((sum, o) => (o.reserved.asset === asset ? sum + o.reserved.amount : sum), 0n)
    const payouts = [...state.payouts.values()].filter((p) => p.asset === asset && (p.status === 'requested' || p.status === 'ready'))
    const leaving = payouts.reduce((sum, p) => sum + p.amount, 0n)
    assert.equal(reserved, held + leaving, `reserved ${asset} is what orders and payouts hold`)
  }
  let open = 0
  for (const order of state.orders.values()) {
    if (isTerminal(order.ordStatus)) assert.equal(order.reserved.amount, 0n, 'an ended order holds nothing')
    else open++
    if (order.orderQty !== null) assert.ok(order.cumQty <= order.orderQty, 'LeavesQty is never negative')
    assert.equal(order.cumQty, executedQty(events, order.orderId), 'CumQty is the sum of LastQty net of busts')
    assert.equal(order.ordStatus, statusOf(order), 'OrdStatus follows from quantities and requests by precedence')
    const pending = order.ordStatus === 'PendingCancel' || order.ordStatus === 'PendingReplace'
    if (pending) assert.ok(hasOpenAttempt(state, String(order.number)), 'what is pending waits for something')
    if (isTerminal(order.ordStatus)) assert.ok(state.attempts.has(String(order.number)), 'a closed order stays for its attempts only')
  }
  assert.equal(state.openOrders, open)
}

/** The audit's own fold of the orders, kept beside the account's: both must tell the same document. */
export const auditOrders = () => {
  const orders = new Map<string, FoldedOrder | undefined>()
  return (events: readonly AccountEvent[], { state }: Story): void => {
    const touched = events.flatMap((event) => ('orderId' in event.data ? [event.data.orderId] : []))
    for (const event of events)
      if ('orderId' in event.data) orders.set(event.data.orderId, foldOrder(orders.get(event.data.orderId), event, '1'))
    for (const orderId of touched) {
      const folded = orders.get(orderId)
      const kept = folded && state.orders.get(folded.number)
      if (folded && kept) assert.deepEqual(orderDocument(folded), orderDocument({ ...orderFacts(kept, 'acct'), position: '1' }))
    }
  }
}

const executedQty = (events: readonly AccountEvent[], orderId: string): bigint =>
  events.reduce((sum, event) => {
    if (event.type === 'TradeBooked' && event.data.orderId === orderId) return sum + BigInt(event.data.lastQty)
    if (event.type === 'TradeCanceled' && event.data.orderId === orderId) return sum - BigInt(event.data.busted.qty)
    return sum
  }, 0n)
