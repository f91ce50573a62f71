import assert from 'node:assert/strict'
import { changedOrder, type FoldedOrder, foldOrder } from '../../../src/audit/order-fold.ts'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { orderDocument } from '../../../src/events/order-document.ts'
import { storyOf } from './account-story.ts'

const { accepted, busted, cancelRequested, canceled, opened, signed, traded } = storyOf('a')

const fold = (...events: AccountEvent[]): FoldedOrder =>
  events.reduce<FoldedOrder | undefined>((order, event, i) => foldOrder(order, event, String(i + 1)), undefined)!
const told = (...events: AccountEvent[]) => {
  const { ordStatus, cumQty, leavesQty, avgPx, position } = orderDocument(fold(...events))
  return { ordStatus, cumQty, leavesQty, avgPx, position }
}

describe('an order folded from its events', () => {
  it('is New with all of its quantity left', () => {
    assert.deepEqual(told(accepted(1)), { ordStatus: 'New', cumQty: '0', leavesQty: '2', avgPx: '0', position: '1' })
  })
  it('adds up fills and derives the average price', () => {
    assert.deepEqual(
      told(
        accepted(1),
        traded(1, '500000000', '70000000', 'PartiallyFilled'),
        traded(1, '1500000000', '220000000', 'Filled', { attempt: 2 }),
      ),
      {
        ordStatus: 'Filled',
        cumQty: '2',
        leavesQty: '0',
        avgPx: '145',
        position: '3',
      },
    )
  })
  it('stays PendingCancel over a partial fill, and is Filled by a complete one', () => {
    const pending = [accepted(1), cancelRequested(1), traded(1, '500000000', '70000000', 'PartiallyFilled')]
    assert.equal(told(...pending).ordStatus, 'PendingCancel')
    assert.equal(told(accepted(1), cancelRequested(1), traded(1, '2000000000', '290000000', 'Filled')).ordStatus, 'Filled')
    assert.deepEqual(told(...pending, canceled(1)), { ordStatus: 'Canceled', cumQty: '0.5', leavesQty: '0', avgPx: '140', position: '4' })
  })
  it('is open again when a fill vanished and funds are held again, else stays as it ended', () => {
    const filled = [accepted(1), traded(1, '2000000000', '290000000', 'Filled')]
    assert.deepEqual(told(...filled, busted(1, '2000000000', '290000000', '300000000')), {
      ordStatus: 'New',
      cumQty: '0',
      leavesQty: '2',
      avgPx: '0',
      position: '3',
    })
    const ended = [accepted(1), traded(1, '500000000', '70000000', 'PartiallyFilled'), canceled(1)]
    assert.deepEqual(told(...ended, busted(1, '500000000', '70000000', '0')).ordStatus, 'Canceled')
  })
  it('takes a late fill of an order that had been canceled', () => {
    assert.equal(told(accepted(1), canceled(1), traded(1, '2000000000', '290000000', 'Filled')).ordStatus, 'Filled')
  })
  it('keeps the text of its end and the account of its id', () => {
    const order = fold(storyOf('b_-x').accepted(1), canceled(1, 'SLIPPAGE'))
    assert.deepEqual([order.text, order.accountId], ['SLIPPAGE', 'b_-x'])
  })
  it('is changed by its own events alone', () => {
    assert.deepEqual([accepted(3), cancelRequested(3), signed('3'), opened()].map(changedOrder), ['a.3', 'a.3', undefined, undefined])
  })
})
