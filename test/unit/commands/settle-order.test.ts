import assert from 'node:assert/strict'
import { MAX_FAILED_ATTEMPTS } from '../../../src/commands/order/outcome.ts'
import {
  balance,
  bothOpen,
  codeOf,
  expired,
  failed,
  finalized,
  funded,
  landed,
  limit,
  mid,
  place,
  request,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  usdc,
  vanished,
} from './account-story.ts'

/** A market buy of 1 SOL, signed. */
const marketBuy = (r: Parameters<typeof request>[0] = {}) => {
  const s = funded()
  s.does(place(request(r)))
  s.does(signed('1'))
  return s
}

describe('signing', () => {
  it('is recorded once for an executable order', () => {
    const s = funded()
    s.does(place(request()))
    assert.deepEqual(typesOf(s.does(signed('1'))), ['TransactionSigned'])
    assert.equal(codeOf(s.does(signed('1'))), 'ignored')
    assert.equal(codeOf(s.does(signed('1', 2))), 'ignored', 'one live attempt')
  })

  it('is thrown away for what is no longer to be sent', () => {
    const s = funded()
    s.does(place(limit()))
    assert.equal(codeOf(s.does(signed('1'))), 'ignored', 'a resting order waits for a quote')
    s.does({ type: 'TriggerOrder', number: 1, trigger: mid('100') })
    assert.equal(codeOf(s.does(signed('1', 2))), 'ignored', 'attempts are counted without gaps')
    s.does({ type: 'CancelOrder', number: 1 })
    assert.equal(codeOf(s.does(signed('1'))), 'ignored')
    assert.equal(codeOf(s.does(signed('7'))), 'ignored')
    assert.equal(codeOf(s.does(signed('d-usdc', 2, 'deposit'))), 'ignored')
  })
})

describe('a trigger', () => {
  it('makes a resting order executable when a fresh quote meets its limit, once', () => {
    const s = funded()
    s.does(place(limit()))
    assert.equal(codeOf(s.does({ type: 'TriggerOrder', number: 1, trigger: mid('100.01') })), 'ignored')
    assert.equal(codeOf(s.does({ type: 'TriggerOrder', number: 1, trigger: mid('100') }, 3_001)), 'ignored', 'older than 2 s')
    assert.deepEqual(typesOf(s.does({ type: 'TriggerOrder', number: 1, trigger: mid('100') }, 3_000)), ['OrderTriggered'])
    assert.equal(codeOf(s.does({ type: 'TriggerOrder', number: 1, trigger: mid('100', 3_000) })), 'ignored')
    s.does(place(limit({ clOrdId: 'c-2', side: 'sell', price: '100' })))
    assert.equal(codeOf(s.does({ type: 'TriggerOrder', number: 2, trigger: mid('99.99', 3_000) })), 'ignored')
    assert.equal(codeOf(s.does({ type: 'TriggerOrder', number: 2, trigger: mid('100', 3_000) })), 'done')
  })
})

describe('a landed swap', () => {
  it('fills a buy from the balance changes and gives back what was held too much', () => {
    const s = marketBuy()
    const decision = s.does(landed('1', swap(sol(1), -usdc(100.2))))
    assert.deepEqual(typesOf(decision), ['TransactionLanded', 'TradeBooked'])
    assert.equal(statusOf(s, 1), 'Filled')
    assert.deepEqual(balance(s, 'USDC'), [usdc(899.8), 0n])
    assert.deepEqual(balance(s, 'SOL'), [sol(11), 0n])
    const trade = decision.events[1]
    assert.ok(trade?.type === 'TradeBooked')
    assert.deepEqual([trade.data.execId, trade.data.released.amount], ['acct.1.1.1', usdc(0.8).toString()])
  })

  it('fills sells, and orders by cash', () => {
    const sell = marketBuy({ side: 'sell', orderQty: sol(2) })
    sell.does(landed('1', swap(-sol(2), usdc(199))))
    assert.deepEqual([statusOf(sell, 1), ...balance(sell, 'SOL'), ...balance(sell, 'USDC')], ['Filled', sol(8), 0n, usdc(1_199), 0n])
    const cash = marketBuy({ orderQty: null, cashOrderQty: usdc(50) })
    cash.does(landed('1', swap(sol(0.499), -usdc(50))))
    assert.deepEqual([statusOf(cash, 1), ...balance(cash, 'USDC')], ['Filled', usdc(950), 0n])
    const sellForCash = marketBuy({ side: 'sell', orderQty: null, cashOrderQty: usdc(100) })
    sellForCash.does(landed('1', swap(-sol(1.002), usdc(100))))
    assert.deepEqual([statusOf(sellForCash, 1), ...balance(sellForCash, 'SOL')], ['Filled', sol(8.998), 0n])
  })

  it('credits what a buy got beyond its quantity as surplus, never as fill', () => {
    const s = marketBuy()
    assert.deepEqual(typesOf(s.does(landed('1', swap(sol(1.25), -usdc(100))))), [
      'TransactionLanded',
      'TradeBooked',
      'FundsSurplusCredited',
    ])
    assert.equal(s.state.orders.get(1)?.cumQty, sol(1))
    assert.deepEqual(balance(s, 'SOL'), [sol(11.25), 0n])
  })

  it('cancels the remainder of an immediate order, and lets a resting one rest', () => {
    const ioc = marketBuy()
    assert.deepEqual(typesOf(ioc.does(landed('1', swap(sol(0.4), -usdc(40))))), ['TransactionLanded', 'TradeBooked', 'OrderCanceled'])
    assert.deepEqual([ioc.state.orders.get(1)?.text, ...balance(ioc, 'USDC')], ['IOC_REMAINDER', usdc(960), 0n])
    const gtc = funded()
    gtc.does(place(limit()))
    gtc.does({ type: 'TriggerOrder', number: 1, trigger: mid('99') })
    gtc.does(signed('1'))
    gtc.does(landed('1', swap(sol(0.4), -usdc(39))))
    assert.deepEqual([statusOf(gtc, 1), gtc.state.orders.get(1)?.executable], ['PartiallyFilled', false])
    assert.deepEqual(balance(gtc, 'USDC'), [usdc(901), usdc(60)])
  })

  it('is booked once', () => {
    const s = marketBuy()
    s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.equal(codeOf(s.does(landed('1', swap(sol(1), -usdc(100))))), 'ignored')
    assert.equal(codeOf(s.does(failed('1'))), 'ignored')
    assert.equal(codeOf(s.does(expired('1'))), 'ignored')
  })

  it('books nothing from changes that are not those of the order', () => {
    const s = marketBuy()
    assert.equal(codeOf(s.does(landed('1', swap(-sol(1), usdc(100))))), 'ignored')
    assert.equal(s.state.attempts.get('1')?.phase, 'open')
  })

  it('that moved nothing ends the order', () => {
    const s = marketBuy()
    assert.deepEqual(typesOf(s.does(landed('1', []))), ['TransactionLanded', 'OrderCanceled'])
    assert.deepEqual([s.state.orders.get(1)?.text, ...balance(s, 'USDC')], ['EXECUTION_FAILED', usdc(1_000), 0n])
  })
})

describe('a failed swap', () => {
  it('ends an immediate order with its reason and a compensation', () => {
    for (const [error, text] of [
      ['custom:6001', 'SLIPPAGE'],
      ['custom:1', 'EXECUTION_FAILED'],
    ] as const) {
      const s = marketBuy()
      const decision = s.does(failed('1', error))
      assert.deepEqual(typesOf(decision), ['TransactionFailed', 'OrderCanceled'])
      const end = decision.events[1]
      assert.ok(end?.type === 'OrderCanceled' && end.data.text === text)
      assert.deepEqual(end.data.compensates, {
        cause: { type: 'TransactionFailed', ref: '1', attempt: 1 },
        command: 'o-c-1',
        reverses: 'reservation',
        effect: { asset: 'USDC', amount: usdc(101).toString() },
      })
      assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
    }
  })

  it('sends a resting order back to wait, and gives it up after 20 attempts', () => {
    const s = funded()
    s.does(place(limit()))
    for (let attempt = 1; attempt <= MAX_FAILED_ATTEMPTS; attempt++) {
      assert.equal(codeOf(s.does({ type: 'TriggerOrder', number: 1, trigger: mid('99') })), 'done')
      s.does(signed('1', attempt))
      // an expired attempt counts as well; the order stays executable then
      const decision = s.does(attempt % 2 ? failed('1', 'custom:6001', attempt) : failed('1', 'custom:1', attempt))
      if (attempt < MAX_FAILED_ATTEMPTS) assert.deepEqual([typesOf(decision), statusOf(s, 1)], [['TransactionFailed'], 'New'])
      else assert.deepEqual(typesOf(decision), ['TransactionFailed', 'OrderCanceled'])
      if (attempt < MAX_FAILED_ATTEMPTS) s.does(finalized('1', attempt))
    }
    assert.equal(s.state.orders.get(1)?.text, 'TOO_MANY_ATTEMPTS')
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })
})

describe('an expired attempt', () => {
  it('lets even an immediate order try again, up to the limit', () => {
    const s = funded()
    s.does(place(request()))
    for (let attempt = 1; attempt < MAX_FAILED_ATTEMPTS; attempt++) {
      assert.equal(codeOf(s.does(signed('1', attempt))), 'done')
      assert.deepEqual(typesOf(s.does(expired('1', attempt))), ['TransactionExpired'])
    }
    s.does(signed('1', MAX_FAILED_ATTEMPTS))
    assert.deepEqual(typesOf(s.does(expired('1', MAX_FAILED_ATTEMPTS))), ['TransactionExpired', 'OrderCanceled'])
    assert.equal(s.state.orders.size, 0)
  })
})

describe('a vanished transaction', () => {
  it('takes the trade back, holds the funds again and opens the attempt', () => {
    const s = marketBuy()
    s.does(landed('1', swap(sol(1.25), -usdc(100))))
    const decision = s.does(vanished('1'))
    assert.deepEqual(typesOf(decision), ['TransactionVanished', 'TradeCanceled', 'FundsSurplusCredited'])
    assert.deepEqual([statusOf(s, 1), s.state.orders.get(1)?.cumQty], ['New', 0n])
    assert.deepEqual([...balance(s, 'USDC'), ...balance(s, 'SOL')], [usdc(899), usdc(101), sol(10), 0n])
    assert.equal(s.state.attempts.get('1')?.phase, 'open')
    assert.equal(codeOf(s.does(vanished('1'))), 'ignored')
    const again = s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.ok(again.events[1]?.type === 'TradeBooked' && again.events[1].data.execId === 'acct.1.1.2')
    assert.equal(codeOf(s.does(finalized('1', 1, 1))), 'ignored', 'the first landing is not the one that became final')
    assert.equal(codeOf(s.does(finalized('1', 1, 2))), 'done')
    assert.equal(codeOf(s.does(vanished('1', 1, 2))), 'ignored')
  })

  it('may leave available negative', () => {
    const s = funded()
    s.does(place(request({ side: 'sell', orderQty: sol(10) })))
    s.does(signed('1'))
    s.does(landed('1', swap(-sol(10), usdc(1_000))))
    s.does(place(limit({ clOrdId: 'c-2', orderQty: sol(20) })))
    // what is being executed can't be cancelled to cover it
    s.does({ type: 'TriggerOrder', number: 2, trigger: mid('100') })
    s.does(signed('2'))
    s.does(vanished('1'))
    assert.deepEqual(balance(s, 'USDC'), [-usdc(1_000), usdc(2_000)])
  })

  it('leaves a cancelled order ended; should the bytes land after all, the fill is paid from available', () => {
    const s = marketBuy()
    s.does(landed('1', swap(sol(0.4), -usdc(40))))
    assert.deepEqual(typesOf(s.does(vanished('1'))), ['TransactionVanished', 'TradeCanceled'])
    assert.deepEqual([statusOf(s, 1), ...balance(s, 'USDC')], ['Canceled', usdc(1_000), 0n])
    s.does(landed('1', swap(sol(0.4), -usdc(40))))
    assert.deepEqual([statusOf(s, 1), ...balance(s, 'USDC')], ['Canceled', usdc(960), 0n])
  })

  it('after a failure opens the attempt again; a late fill makes a cancelled order Filled, its bust ends it again', () => {
    const s = marketBuy()
    s.does(failed('1'))
    assert.deepEqual(typesOf(s.does(vanished('1'))), ['TransactionVanished'])
    s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.deepEqual([statusOf(s, 1), ...balance(s, 'USDC')], ['Filled', usdc(900), 0n])
    assert.deepEqual(typesOf(s.does(vanished('1', 1, 2))), ['TransactionVanished', 'TradeCanceled', 'OrderCanceled'])
    assert.deepEqual([statusOf(s, 1), ...balance(s, 'USDC')], ['Canceled', usdc(1_000), 0n])
  })

  it('of an earlier attempt is booked although a newer one is live', () => {
    const s = funded()
    s.does(place(limit()))
    for (const command of bothOpen()) s.does(command)
    s.does(landed('1', swap(sol(1), -usdc(99)), 2))
    assert.deepEqual(
      s.does(landed('1', swap(sol(1), -usdc(98)), 1)).events,
      [],
      'the order is filled: what comes on top waits for its finality',
    )
    s.does(finalized('1', 2, 1))
    assert.equal(s.state.orders.size, 1, 'the first attempt is not final')
    const { instrument, orderId, clOrdId } = s.state.orders.get(1)!
    const second = landed('1', swap(sol(1), -usdc(98)), 1)
    assert.ok(second.type === 'BookLanded')
    const subject = { kind: 'order', orderId, clOrdId, side: 'buy', strategyId: null, instrument } as const
    const booked = s.does({ ...second, type: 'BookLate', generation: 2, subject })
    assert.deepEqual(typesOf(booked), ['TransactionLandedLate', 'TradeOverfilled', 'TransactionsFinalized'])
    assert.deepEqual([...balance(s, 'SOL'), ...balance(s, 'USDC')], [sol(12), 0n, usdc(803), 0n])
    assert.equal(s.state.orders.size, 0)
  })

  it('keeps a pending cancel waiting while any attempt can still land', () => {
    const s = funded()
    s.does(place(limit()))
    for (const command of bothOpen()) s.does(command)
    s.does({ type: 'CancelOrder', number: 1 })
    assert.deepEqual([typesOf(s.does(expired('1', 2))), statusOf(s, 1)], [['TransactionExpired'], 'PendingCancel'])
    assert.deepEqual(typesOf(s.does(expired('1', 1))), ['TransactionExpired', 'OrderCanceled'])
  })
})
