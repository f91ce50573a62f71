import assert from 'node:assert/strict'
import { createSlotBook } from '../../../src/rpc/pool/slot-book.ts'

const SLOT_MS = 400
const FAR = 10_000

describe('the slot book after a stall', () => {
  const heard = () => {
    let time = 0
    const book = createSlotBook(() => time, SLOT_MS)
    for (const name of ['a', 'b', 'c']) assert.ok(book.note(name, 'processed', 1_000))
    time += SLOT_MS
    return book
  }
  it('believes a far slot once a second endpoint says it: a paused process must not refuse everybody for ever', () => {
    const book = heard()
    assert.equal(book.note('a', 'processed', FAR), false)
    assert.ok(book.note('b', 'processed', FAR + 1))
    assert.ok(book.note('a', 'processed', FAR + 2))
    assert.ok(book.note('c', 'processed', FAR + 2))
  })
  it('does not believe one that stays alone with it', () => {
    const book = heard()
    for (let n = 0; n < 5; n++) {
      assert.equal(book.note('a', 'processed', FAR + n), false)
      assert.ok(book.note('b', 'processed', 1_001 + n))
      assert.ok(book.note('c', 'processed', 1_001 + n))
    }
    assert.ok(book.isAhead('a'))
    assert.ok(book.watermark('processed') < 1_010)
  })
})
