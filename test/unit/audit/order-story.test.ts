import assert from 'node:assert/strict'
import { orderStory } from '../../../src/audit/order-story.ts'
import { INSTRUMENT, storyOf } from './account-story.ts'

const { accepted, busted, cancelRequested, canceled, finalized, opened, signed, traded } = storyOf('a')

describe('which events tell the story of an order', () => {
  const all = [
    opened(),
    signed('d-1'),
    accepted(1),
    accepted(11),
    signed('1'),
    signed('11'),
    traded(11, '1', '1', 'Filled'),
    traded(1, '1', '1', 'Filled'),
    finalized('11', 'd-1'),
    busted(1, '1', '1', '0'),
    finalized('11', '1'),
    cancelRequested(11),
    canceled(1),
  ]
  it('takes its own, its transactions and its trades; not those of order 11, not a deposit', () => {
    const story = orderStory({ orderId: 'a.1', number: 1 })
    const told = all.flatMap((event, i) => (story.belongs(event) ? [i] : []))
    assert.deepEqual(told, [2, 4, 7, 9, 10, 12])
    assert.equal(story.instrument()?.symbol, INSTRUMENT.symbol)
  })
  it('has no instrument when the order was never seen', () => {
    const story = orderStory({ orderId: 'a.2', number: 2 })
    assert.equal(
      all.some((event) => story.belongs(event)),
      false,
    )
    assert.equal(story.instrument(), undefined)
  })
})
