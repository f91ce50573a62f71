import assert from 'node:assert/strict'
import { createRejections } from '../../../src/settlement/actions/rejections.ts'

describe('simulations that failed in a row', () => {
  it('are counted by account and ref, until one succeeds', () => {
    const { add, clear } = createRejections()
    assert.deepEqual([add('a', '1'), add('a', '1'), add('a', 'd-1'), add('b', '1')], [1, 2, 1, 1])
    clear('a', '1')
    assert.deepEqual([add('a', '1'), add('b', '1')], [1, 2])
  })
  it('are forgotten where nobody asks any more, so that no more are kept than a bound', () => {
    const { add } = createRejections(3)
    for (const ref of ['1', '2', '1', '3', '4']) add('a', ref)
    assert.deepEqual([add('a', '1'), add('a', '2')], [3, 1])
  })
})
