import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { MAX_PENDING_REQUESTS } from '../../../src/commands/order/requests.ts'
import {
  balance,
  bothOpen,
  cancel,
  codeOf,
  expired,
  failed,
  funded,
  landed,
  limit,
  mid,
  place,
  replace,
  request,
  type Story,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  usdc,
} from './account-story.ts'

const trigger = (number = 1) => ({ type: 'TriggerOrder', number, trigger: mid('90') }) as const
/** A resting buy of 2 SOL at 100, and whether its transaction is open. */
const resting = (open = false): Story => {
  const s = funded()
  s.does(place(limit({ orderQty: sol(2) })))
  if (open) {
    s.does(trigger())
    s.does(signed('1'))
  }
  return s
}
const order = (s: Story) => s.state.orders.get(1)!
const reasonOf = ({ answer }: ReturnType<Story['does']>) => (answer.kind === 'refused' ? answer.refusal.extra?.cxlRejReason : answer.kind)

describe('replacing an order', () => {
  it('is done at once without an open attempt, and holds the difference', () => {
    const s = resting()
    const up = s.does(replace(1, 'r-1', { orderQty: sol(3) }))
    assert.deepEqual(typesOf(up), ['OrderReplaced'])
    assert.ok(up.answer.kind === 'order' && up.answer.first && up.answer.order.lastClOrdId === 'r-1')
    assert.deepEqual(balance(s, 'USDC'), [usdc(700), usdc(300)])
    s.does(replace(1, 'r-2', { orderQty: sol(1), price: '50' }))
    assert.deepEqual([balance(s, 'USDC'), order(s).price, order(s).lastClOrdId], [[usdc(950), usdc(50)], '50', 'r-2'])
    s.does(cancel())
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })

  it('throws away a transaction that was built for the terms before', () => {
    const s = resting()
    s.does(trigger())
    const built = { ...signed('1'), builtFor: { clOrdId: order(s).lastClOrdId, cumQty: 0n, cumQuote: 0n } } as AccountCommand
    s.does(replace(1, 'less', { orderQty: sol(1) }))
    s.does(trigger())
    const late = s.does(built)
    assert.deepEqual([typesOf(late), late.answer], [[], { kind: 'ignored', reason: 'the order has other terms by now' }])
    const anew = s.does({ ...built, builtFor: { clOrdId: 'less', cumQty: 0n, cumQuote: 0n } } as AccountCommand)
    assert.deepEqual(typesOf(anew), ['TransactionSigned'])
    assert.ok(!('builtFor' in anew.events[0]!.data))
  })

  it('keeps of a sell what is left in base units', () => {
    const s = funded()
    s.does(place(limit({ side: 'sell', orderQty: sol(4) })))
    s.does(replace(1, 'r', { orderQty: sol(9), price: '200' }))
    assert.deepEqual(balance(s, 'SOL'), [sol(1), sol(9)])
  })

  it('to less than was executed makes the order Filled with what was', () => {
    const s = resting(true)
    s.does(landed('1', swap(sol(1.5), -usdc(140))))
    const decision = s.does(replace(1, 'r', { orderQty: sol(1) }))
    assert.ok(decision.answer.kind === 'order')
    assert.deepEqual([decision.answer.order.ordStatus, decision.answer.order.orderQty], ['Filled', sol(1.5)])
    assert.deepEqual(balance(s, 'USDC'), [usdc(860), 0n])
  })

  it('waits for a quote that meets the new price', () => {
    const s = resting()
    s.does(trigger())
    assert.equal(order(s).executable, true)
    s.does(replace(1, 'r', { price: '80' }))
    assert.equal(order(s).executable, false)
    assert.equal(codeOf(s.does(trigger())), 'ignored')
  })

  it('without the funds is put on record, answered again, and leaves the order as it was', () => {
    const s = resting()
    const poor = replace(1, 'r', { orderQty: sol(20) })
    const decision = s.does(poor)
    assert.deepEqual([codeOf(decision), typesOf(decision)], ['insufficient_funds', ['OrderReplaceRejected']])
    assert.deepEqual(s.does(poor), { events: [], answer: { kind: 'repeated', revision: s.state.revision } })
    assert.deepEqual([order(s).orderQty, order(s).ordStatus, balance(s, 'USDC')], [sol(2), 'New', [usdc(800), usdc(200)]])
    assert.equal(s.state.rejectedAt.length, 1)
  })

  it('is refused on record while trading is halted, and while only exits are let through', () => {
    const s = resting()
    for (const state of ['HALTED', 'REDUCING'] as const) {
      const control = { state, scope: 'global', reason: 'a test', setBy: undefined }
      const decision = s.does({
        ...(replace(1, `r-${state}`, { price: '90' }) as Extract<AccountCommand, { type: 'ReplaceOrder' }>),
        control,
      })
      assert.deepEqual([codeOf(decision), typesOf(decision)], ['halted', ['OrderReplaceRejected']])
    }
    assert.deepEqual([order(s).price, statusOf(s, 1)], ['100', 'New'])
  })

  it('is refused where the order has no such field, or is over', () => {
    const s = funded()
    s.does(place(request({ orderQty: null, cashOrderQty: usdc(50) })))
    assert.equal(codeOf(s.does(replace(1, 'a', { orderQty: sol(1) }))), 'invalid_request')
    assert.equal(codeOf(s.does(replace(1, 'a', { price: '1' }))), 'invalid_request')
    assert.equal(codeOf(s.does(replace(7, 'a', { price: '1' }))), 'not_found')
    s.does(cancel())
    assert.equal(reasonOf(s.does(replace(1, 'a', { orderQty: sol(1) }))), 'TooLateToCancel')
  })
})

describe('requests that meet an open attempt', () => {
  it('wait in the order in which they came, and are decided when it ends', () => {
    const s = resting(true)
    assert.deepEqual(typesOf(s.does(replace(1, 'r-1', { orderQty: sol(3) }))), ['OrderReplaceRequested'])
    assert.deepEqual(typesOf(s.does(replace(1, 'r-2', { orderQty: sol(1) }))), ['OrderReplaceRequested'])
    assert.deepEqual([statusOf(s, 1), order(s).orderQty, balance(s, 'USDC')], ['PendingReplace', sol(2), [usdc(800), usdc(200)]])
    assert.deepEqual(typesOf(s.does(cancel(1, 'c-2'))), ['OrderCancelRequested'])
    assert.equal(statusOf(s, 1), 'PendingCancel')
    const end = s.does(expired('1'))
    assert.deepEqual(typesOf(end), ['TransactionExpired', 'OrderReplaced', 'OrderReplaced', 'OrderCanceled'])
    assert.deepEqual(
      end.events.map(({ data }) => ('ordStatus' in data ? data.ordStatus : null)),
      [null, 'PendingCancel', 'PendingCancel', 'Canceled'],
    )
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })

  it('lose against the fill that completes the order', () => {
    const s = resting(true)
    s.does(replace(1, 'r', { orderQty: sol(3) }))
    s.does(cancel(1, 'c-2'))
    const end = s.does(landed('1', swap(sol(2), -usdc(180))))
    assert.deepEqual(typesOf(end), ['TransactionLanded', 'TradeBooked', 'OrderReplaceRejected', 'OrderCancelRejected'])
    assert.deepEqual([statusOf(s, 1), balance(s, 'USDC')], ['Filled', [usdc(820), 0n]])
  })

  it('are refused when a plain cancel, a deadline or a switch ends the order first', () => {
    const s = resting(true)
    s.does(replace(1, 'r', { orderQty: sol(3) }))
    s.does(cancel())
    const end = s.does(failed('1'))
    assert.deepEqual(typesOf(end), ['TransactionFailed', 'OrderCanceled', 'OrderReplaceRejected'])
    assert.deepEqual(
      end.events.slice(1).map(({ data }) => ('ordStatus' in data ? data.ordStatus : null)),
      ['PendingReplace', 'Canceled'],
    )
  })

  it('may draw on what the trade of the same append has given back', () => {
    const s = resting(true)
    s.does(place(limit({ clOrdId: 'other', orderQty: sol(8) })))
    assert.deepEqual(balance(s, 'USDC'), [0n, usdc(1_000)])
    s.does(replace(1, 'r', { price: '109' }))
    // 1 SOL for 91: 9 of the 100 held for it come back, and the other one now needs 109
    const end = s.does(landed('1', swap(sol(1), -usdc(91))))
    assert.deepEqual(typesOf(end), ['TransactionLanded', 'TradeBooked', 'OrderReplaced'])
    assert.deepEqual(balance(s, 'USDC'), [0n, usdc(909)])
    const poor = resting(true)
    poor.does(place(limit({ clOrdId: 'other', orderQty: sol(8) })))
    poor.does(replace(1, 'r', { price: '110' }))
    assert.equal(typesOf(poor.does(landed('1', swap(sol(1), -usdc(91))))).at(-1), 'OrderReplaceRejected')
    assert.equal(order(poor).price, '100')
  })

  it('can be taken back, and then the order goes on as it was', () => {
    const s = resting(true)
    s.does(cancel(1, 'c-2'))
    const back = s.does({ type: 'WithdrawRequest', number: 1, clOrdId: 'c-2' })
    assert.deepEqual([typesOf(back), statusOf(s, 1)], [['OrderCancelRejected'], 'New'])
    assert.equal(codeOf(s.does({ type: 'WithdrawRequest', number: 1, clOrdId: 'c-2' })), 'not_found')
    assert.deepEqual(typesOf(s.does(expired('1'))), ['TransactionExpired'])
  })

  it('stay pending over a fill while another attempt of the order can still land', () => {
    const s = resting()
    for (const command of bothOpen()) s.does(command)
    s.does(cancel(1, 'c-2'))
    assert.deepEqual(typesOf(s.does(landed('1', swap(sol(2), -usdc(180)), 2))), ['TransactionLanded', 'TradeBooked'])
    assert.deepEqual([statusOf(s, 1), balance(s, 'USDC')], ['PendingCancel', [usdc(820), 0n]])
    assert.deepEqual(typesOf(s.does(expired('1'))), ['TransactionExpired', 'OrderCancelRejected'])
    assert.equal(statusOf(s, 1), 'Filled')
  })

  it('are bounded', () => {
    const s = resting(true)
    for (let i = 0; i < MAX_PENDING_REQUESTS; i++) assert.equal(codeOf(s.does(replace(1, `r-${i}`, { orderQty: sol(3) }))), 'order')
    assert.equal(codeOf(s.does(replace(1, 'more', { orderQty: sol(3) }))), 'limit_breached')
  })
})

describe('the ClOrdID of a request', () => {
  it('is never used twice, for whatever it was used, and a repetition is answered by the order as it stands', () => {
    const s = resting(true)
    assert.equal(reasonOf(s.does(cancel(1, 'c-1'))), 'DuplicateClOrdID', 'the order’s own')
    s.does(cancel(1, 'c-2'))
    const again = s.does(cancel(1, 'c-2'))
    assert.ok(again.answer.kind === 'order' && !again.answer.first && again.events.length === 0)
    assert.equal(reasonOf(s.does(cancel(1, 'c-3'))), 'AlreadyPending')
    s.does({ type: 'WithdrawRequest', number: 1, clOrdId: 'c-2' })
    assert.equal(reasonOf(s.does(replace(1, 'c-2', { orderQty: sol(3) }))), 'DuplicateClOrdID')
    assert.equal(codeOf(s.does(place(limit({ clOrdId: 'c-2' })))), 'duplicate_cl_ord_id')
    s.does(expired('1'))
    assert.deepEqual(typesOf(s.does(cancel(1, 'c-4'))), ['OrderCanceled'])
    assert.equal(reasonOf(s.does(cancel(1, 'c-5'))), 'TooLateToCancel')
    assert.ok(s.does(cancel(1, 'c-4')).answer.kind === 'order')
  })
})

describe('messages that cross', () => {
  const fill = (s: Story, qty: number) => {
    if (!order(s).executable) s.does(trigger())
    if (!s.state.attempts.has('1') || s.state.attempts.get('1')!.phase !== 'open')
      s.does(signed('1', (s.state.attempts.get('1')?.attempt ?? 0) + 1))
    return s.does(landed('1', swap(sol(qty), -usdc(qty * 90)), s.state.attempts.get('1')!.attempt))
  }
  const outcome = (s: Story) => [statusOf(s, 1), order(s).cumQty, order(s).orderQty, balance(s, 'USDC')]

  it('a cancel and a partial fill: canceled with what was filled, whichever comes first', () => {
    const first = resting(true)
    first.does(cancel(1, 'c-2'))
    fill(first, 0.5)
    const second = resting(true)
    fill(second, 0.5)
    second.does(cancel(1, 'c-2'))
    assert.deepEqual(outcome(first), ['Canceled', sol(0.5), sol(2), [usdc(955), 0n]])
    assert.deepEqual(outcome(second), outcome(first))
  })

  it('a cancel and the fill of all: filled, and the cancel is too late', () => {
    const first = resting(true)
    first.does(cancel(1, 'c-2'))
    const { events } = fill(first, 2)
    assert.ok(events.some(({ type, data }) => type === 'OrderCancelRejected' && data.cxlRejReason === 'TooLateToCancel'))
    const second = resting(true)
    fill(second, 2)
    assert.equal(reasonOf(second.does(cancel(1, 'c-2'))), 'TooLateToCancel')
    assert.deepEqual(outcome(first), ['Filled', sol(2), sol(2), [usdc(820), 0n]])
    assert.deepEqual(outcome(second), outcome(first))
  })

  it('a smaller quantity and a fill beyond it: filled with what was executed', () => {
    const first = resting(true)
    first.does(replace(1, 'r', { orderQty: sol(1) }))
    fill(first, 1.5)
    const second = resting(true)
    fill(second, 1.5)
    second.does(replace(1, 'r', { orderQty: sol(1) }))
    assert.deepEqual(outcome(first), ['Filled', sol(1.5), sol(1.5), [usdc(865), 0n]])
    assert.deepEqual(outcome(second), outcome(first))
  })

  it('a new price and the fill of all: filled, and the replace is too late', () => {
    const first = resting(true)
    first.does(replace(1, 'r', { price: '95' }))
    assert.equal(typesOf(fill(first, 2)).at(-1), 'OrderReplaceRejected')
    const second = resting(true)
    fill(second, 2)
    assert.equal(reasonOf(second.does(replace(1, 'r', { price: '95' }))), 'TooLateToCancel')
    assert.deepEqual(outcome(second), outcome(first))
  })

  it('a cancel and the acknowledgement: canceled, before the first transaction or with it', () => {
    const first = resting(true)
    first.does(cancel(1, 'c-2'))
    first.does(expired('1'))
    const second = resting()
    second.does(cancel(1, 'c-2'))
    assert.deepEqual(balance(first, 'USDC'), balance(second, 'USDC'))
    for (const s of [first, second]) assert.equal(s.state.canceled.get(1)?.ordStatus, 'Canceled')
  })
})
