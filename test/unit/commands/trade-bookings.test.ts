import assert from 'node:assert/strict'
import { type BookedTrade, bustTrade } from '../../../src/commands/order/bust.ts'
import { chargeFee, reverseFee } from '../../../src/commands/order/fee.ts'
import type { Fill } from '../../../src/commands/order/fill.ts'
import type { OrderState } from '../../../src/commands/order/order-state.ts'
import {
  bookTrade,
  type Ended,
  endAfterEmptyLanding,
  endAfterExpiry,
  endAfterFailure,
  endAfterTrade,
  MAX_FAILED_ATTEMPTS,
} from '../../../src/commands/order/outcome.ts'
import { accepted, asksCancel } from './accepted.ts'
import { FEE, limit, request, sol, usdc } from './account-story.ts'

const AT = 77
const ended: Ended = { ref: '1', attempt: 2, generation: 3, signature: 'sig', othersOpen: false, at: AT }
const fill = (qty: number, quote: number, surplus = 0n): Fill => ({ lastQty: sol(qty), lastQuote: usdc(quote), surplus })
/** A resting purchase of 2 SOL at 100, with 200 USDC held. */
const buy = (change: Partial<OrderState> = {}) => accepted(limit({ orderQty: sol(2) }), change)
const TERMS = { symbol: 'SOL/USDC', base: 'SOL', quote: 'USDC', baseDecimals: 9, quoteDecimals: 6 }
const typesOf = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type)
const booked = (order: OrderState, one: Fill) => {
  const [trade] = bookTrade(order, one, ended)
  assert.ok(trade?.type === 'TradeBooked')
  return trade.data
}

describe('a booked trade', () => {
  it('says what was executed by which transaction, and what it gives back', () => {
    assert.deepEqual(bookTrade(buy(), fill(1, 90), ended), [
      {
        type: 'TradeBooked',
        data: {
          ...{ ...TERMS, execId: 'acct.1.2.3', orderId: 'acct.1', attempt: 2, generation: 3, signature: 'sig', side: 'buy' },
          ...{ lastQty: sol(1).toString(), lastQuote: usdc(90).toString(), ordStatus: 'PartiallyFilled', at: AT },
          released: { asset: 'USDC', amount: usdc(10).toString() },
        },
      },
    ])
  })
  it('keeps what the rest may cost at worst, and never more than is left', () => {
    const released = (quote: number) => BigInt(booked(buy(), fill(1, quote)).released.amount)
    assert.deepEqual([released(100), released(99)], [0n, usdc(1)])
    assert.equal(released(101), 0n, 'the 99 that are left stay held')
    assert.deepEqual([released(200), released(201)], [0n, -usdc(1)], 'the rest has to go without')
  })
  it('keeps all that is left where no price tells what the rest costs', () => {
    const sale = accepted(request({ side: 'sell', orderQty: null, cashOrderQty: usdc(100) }), { reference: null })
    assert.deepEqual([sale.reserved.amount, booked(sale, fill(0.4, 40)).released.amount], [sol(1.01), '0'])
    assert.equal(booked(sale, fill(1, 100)).released.amount, sol(0.01).toString(), 'filled: nothing is left to cost anything')
  })
  it('of a sale spends the base', () => {
    const sale = accepted(limit({ side: 'sell', orderQty: sol(2) }))
    assert.deepEqual(booked(sale, fill(0.5, 60)).released, { asset: 'SOL', amount: '0' })
    assert.deepEqual(booked({ ...sale, reserved: { asset: 'SOL', amount: sol(3) } }, fill(2, 240)).released, {
      asset: 'SOL',
      amount: sol(1).toString(),
    })
  })
  it('that fills the order keeps nothing', () => {
    const { released, ordStatus } = booked(
      buy({ cumQty: sol(1), cumQuote: usdc(100), reserved: { asset: 'USDC', amount: usdc(100) } }),
      fill(1, 70),
    )
    assert.deepEqual([released.amount, ordStatus], [usdc(30).toString(), 'Filled'])
    const cash = accepted(request({ orderQty: null, cashOrderQty: usdc(50) }))
    assert.deepEqual([booked(cash, fill(9, 50)).ordStatus, booked(cash, fill(9, 49)).ordStatus], ['Filled', 'PartiallyFilled'])
  })
  it('that comes late keeps nothing, and leaves the order ended unless it fills it', () => {
    const over = buy({ ordStatus: 'Canceled', text: 'SLIPPAGE', reserved: { asset: 'USDC', amount: 0n } })
    const late = booked(over, fill(1, 90))
    assert.deepEqual([late.released.amount, late.ordStatus], [(-usdc(90)).toString(), 'Canceled'])
    assert.equal(booked(over, fill(2, 190)).ordStatus, 'Filled')
  })
  it('leaves pending what is pending', () => {
    assert.equal(booked(buy({ requests: [asksCancel('c')] }), fill(2, 190)).ordStatus, 'PendingCancel')
  })
  it('comes with its fee and its surplus, where there are any', () => {
    assert.deepEqual(typesOf(bookTrade(buy({ fee: FEE }), fill(1, 90, 5n), ended)), [
      'TradeBooked',
      'LedgerFeeCharged',
      'FundsSurplusCredited',
    ])
    assert.deepEqual(typesOf(bookTrade(buy({ fee: FEE }), fill(1, 90), ended)), ['TradeBooked', 'LedgerFeeCharged'])
    for (const surplus of [5n, -5n])
      assert.deepEqual(bookTrade(buy(), fill(1, 90, surplus), ended)[1], {
        type: 'FundsSurplusCredited',
        data: { orderId: 'acct.1', execId: 'acct.1.2.3', surplus: { asset: 'SOL', amount: surplus.toString() }, at: AT },
      })
  })
})

describe('the fee of a trade', () => {
  const charged = (order: OrderState, one: Fill) => chargeFee(order, one, 'x', AT).map(({ data }) => data)
  it('is taken of what came in, from the first whole unit on', () => {
    const sale = accepted(limit({ side: 'sell' }), { fee: FEE })
    const data = { execId: 'x', orderId: 'acct.1', fee: FEE, at: AT }
    assert.deepEqual(charged(buy({ fee: FEE }), fill(1, 90)), [{ ...data, asset: 'SOL', amount: '2500000' }])
    assert.deepEqual(charged(sale, fill(1, 90)), [{ ...data, asset: 'USDC', amount: '225000' }])
    assert.deepEqual(charged(sale, { lastQty: sol(1), lastQuote: 400n, surplus: 0n }), [{ ...data, asset: 'USDC', amount: '1' }])
    assert.deepEqual(charged(sale, { lastQty: sol(1), lastQuote: 399n, surplus: 0n }), [])
    assert.deepEqual(charged(buy(), fill(1, 90)), [])
  })
  it('goes back to the unit with its trade', () => {
    const cause = { type: 'TransactionVanished', ref: '1', attempt: 1 }
    const compensates = { cause, command: 'o-c-1', reverses: 'fee', effect: { asset: 'SOL', amount: '5' } }
    assert.deepEqual(reverseFee(buy(), { execId: 'x', fee: 5n }, 'SOL', cause, AT), {
      type: 'LedgerFeeReversed',
      data: { execId: 'x.cancel', execRefId: 'x', orderId: 'acct.1', asset: 'SOL', amount: '5', compensates, at: AT },
    })
  })
})

describe('what an attempt’s end means for its order', () => {
  const immediate = (change: Partial<OrderState> = {}) => accepted(request(), change)
  const cause = (type: string) => ({ type, ref: '1', attempt: 2 })
  const last = { failedAttempts: MAX_FAILED_ATTEMPTS - 1 }
  const oneBefore = { failedAttempts: MAX_FAILED_ATTEMPTS - 2 }

  it('after a trade: an immediate order is over, a resting one rests', () => {
    assert.deepEqual([endAfterTrade(immediate()), endAfterTrade(buy())], [{ text: 'IOC_REMAINDER' }, { text: undefined }])
  })
  it('after a failure: an immediate order is over, a resting one after its last try', () => {
    const endOf = (order: OrderState, error = 'custom:1') => endAfterFailure(order, error, ended)
    assert.deepEqual(endOf(immediate(), 'custom:6001'), { text: 'SLIPPAGE', cause: cause('TransactionFailed') })
    assert.deepEqual(endOf(immediate()), { text: 'EXECUTION_FAILED', cause: cause('TransactionFailed') })
    assert.deepEqual([endOf(buy(oneBefore)).text, endOf(buy(last)).text], [undefined, 'TOO_MANY_ATTEMPTS'])
  })
  it('after an expiry: any order is tried again until its last try', () => {
    for (const order of [buy, immediate])
      assert.deepEqual(
        [endAfterExpiry(order(oneBefore), ended).text, endAfterExpiry(order(last), ended).text],
        [undefined, 'TOO_MANY_ATTEMPTS'],
      )
    assert.deepEqual(endAfterExpiry(buy(), ended).cause, cause('TransactionExpired'))
  })
  it('after a landing that moved nothing: it is over', () => {
    assert.deepEqual(endAfterEmptyLanding(ended), { text: 'EXECUTION_FAILED', cause: cause('TransactionLanded') })
  })
})

describe('a trade that is taken back', () => {
  const trade = (change: Partial<BookedTrade> = {}): BookedTrade => ({
    ...{ execId: 'acct.1.1.1', lastQty: sol(1), lastQuote: usdc(90), released: 0n, surplus: 0n, fee: 0n },
    ...{ sold: false, base: 'SOL', quote: 'USDC', ...change },
  })
  const part = { ordStatus: 'PartiallyFilled', cumQty: sol(1), cumQuote: usdc(90), reserved: { asset: 'USDC', amount: usdc(100) } } as const
  const all = { ...part, ordStatus: 'Filled', cumQty: sol(2), cumQuote: usdc(190), reserved: { asset: 'USDC', amount: 0n } } as const
  const status = (order: OrderState, change?: Partial<BookedTrade>) => {
    const events = bustTrade(order, trade(change), '1', 1, AT)
    assert.ok(events[0]?.type === 'TradeCanceled')
    return [events[0].data.ordStatus, events[0].data.reserved.amount, ...typesOf(events).slice(1)]
  }
  it('leaves an open order open, also where it holds nothing for it', () => {
    assert.deepEqual(status(buy(part)), ['New', usdc(90).toString()])
    assert.deepEqual(status(buy(part), { released: -usdc(90) }), ['New', '0'])
    assert.deepEqual(status(buy(all)), ['PartiallyFilled', usdc(90).toString()])
  })
  it('leaves an order filled that another trade fills, with nothing held and no second end', () => {
    assert.deepEqual(status(buy({ ...all, cumQty: sol(3) })), ['Filled', '0'])
  })
  it('leaves a cancelled order as it ended', () => {
    assert.deepEqual(status(buy({ ...part, ordStatus: 'Canceled', text: 'SLIPPAGE' })), ['Canceled', '0'])
  })
  it('says which terms it was of', () => {
    const [event] = bustTrade(buy(part), trade(), '1', 4, AT)
    assert.deepEqual(event, {
      type: 'TradeCanceled',
      data: {
        ...{ ...TERMS, execId: 'acct.1.1.1.cancel', execRefId: 'acct.1.1.1', orderId: 'acct.1', side: 'buy', ordStatus: 'New', at: AT },
        ...{ busted: { qty: sol(1).toString(), quote: usdc(90).toString() }, reserved: { asset: 'USDC', amount: usdc(90).toString() } },
        compensates: {
          ...{ cause: { type: 'TransactionVanished', ref: '1', attempt: 4 }, command: 'o-c-1', reverses: 'trade' },
          effect: { asset: 'SOL', amount: sol(1).toString() },
        },
      },
    })
  })
})
