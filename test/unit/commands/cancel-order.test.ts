import assert from 'node:assert/strict'
import {
  balance,
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
} from './account-story.ts'

const cancel = (number = 1) => ({ type: 'CancelOrder', number }) as const

describe('cancelling an order', () => {
  it('ends a resting order at once and releases its funds', () => {
    const s = funded()
    s.does(place(limit()))
    const decision = s.does(cancel())
    assert.deepEqual(typesOf(decision), ['OrderCanceled'])
    assert.ok(decision.answer.kind === 'order' && decision.answer.first)
    assert.deepEqual([decision.answer.order.ordStatus, decision.answer.order.text], ['Canceled', 'USER_REQUESTED'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })

  it('answers again, also after the order has left the fold', () => {
    const s = funded()
    s.does(place(limit()))
    s.does(cancel())
    const again = s.does(cancel())
    assert.ok(again.answer.kind === 'order' && !again.answer.first && again.answer.order.ordStatus === 'Canceled')
    assert.equal(again.events.length, 0)
  })

  it('waits for an open attempt, and is decided when it ends', () => {
    const s = funded()
    s.does(place(request()))
    s.does(signed('1'))
    assert.deepEqual(typesOf(s.does(cancel())), ['OrderCancelRequested'])
    assert.equal(statusOf(s, 1), 'PendingCancel')
    assert.deepEqual(balance(s, 'USDC'), [usdc(899), usdc(101)])
    const again = s.does(cancel())
    assert.ok(again.answer.kind === 'order' && again.answer.order.ordStatus === 'PendingCancel' && again.events.length === 0)
    const outcome = s.does(expired('1'))
    assert.deepEqual(typesOf(outcome), ['TransactionExpired', 'OrderCanceled'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })

  it('loses against a fill', () => {
    const s = funded()
    s.does(place(request()))
    s.does(signed('1'))
    s.does(cancel())
    s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.equal(statusOf(s, 1), 'Filled')
    assert.equal(codeOf(s.does(cancel())), 'too_late_to_cancel')
    s.does(finalized('1'))
    assert.equal(codeOf(s.does(cancel())), 'too_late_to_cancel')
  })

  it('ends a resting order whose attempt failed meanwhile', () => {
    const s = funded()
    s.does(place(limit()))
    s.does({ type: 'TriggerOrder', number: 1, trigger: mid('99') })
    s.does(signed('1'))
    s.does(cancel())
    const outcome = s.does(failed('1'))
    assert.deepEqual(typesOf(outcome), ['TransactionFailed', 'OrderCanceled'])
    assert.equal(s.state.orders.get(1)?.text, 'USER_REQUESTED')
  })

  it('cancels the rest after a partial fill', () => {
    const s = funded()
    s.does(place(limit({ orderQty: sol(2) })))
    s.does({ type: 'TriggerOrder', number: 1, trigger: mid('99') })
    s.does(signed('1'))
    s.does(cancel())
    assert.deepEqual(typesOf(s.does(landed('1', swap(sol(1), -usdc(99))))), ['TransactionLanded', 'TradeBooked', 'OrderCanceled'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(901), 0n])
  })

  it('is refused for a rejected order, an ended one and one that never was', () => {
    const s = funded()
    s.does(place(limit({ orderQty: sol(1_000) })))
    assert.equal(codeOf(s.does(cancel(1))), 'too_late_to_cancel')
    assert.equal(codeOf(s.does(cancel(2))), 'not_found')
    s.does(place(request({ clOrdId: 'c-2' })))
    s.does(signed('2'))
    s.does(failed('2'))
    assert.equal(codeOf(s.does(cancel(2))), 'too_late_to_cancel')
  })
})
