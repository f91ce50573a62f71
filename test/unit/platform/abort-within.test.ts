import { strict as assert } from 'node:assert'
import { getEventListeners } from 'node:events'
import { abortWithin } from '../../../src/platform/abort-within.ts'

describe('work that ends with what it is part of', () => {
  it('ends with the whole, for its reason, also when that has ended before', () => {
    const outer = new AbortController()
    const inner = abortWithin(outer.signal)
    outer.abort(new Error('the whole ends'))
    assert.equal(inner.signal.reason, outer.signal.reason)
    assert.equal(abortWithin(outer.signal).signal.reason, outer.signal.reason)
  })

  it('ends alone and is held by nothing then', () => {
    const outer = new AbortController()
    const inner = abortWithin(outer.signal)
    assert.equal(getEventListeners(outer.signal, 'abort').length, 1)
    inner.abort(new Error('done'))
    assert.equal(outer.signal.aborted, false)
    assert.equal(getEventListeners(outer.signal, 'abort').length, 0)
  })
})
