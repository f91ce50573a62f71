import assert from 'node:assert/strict'
import { decideGrant, decideReturn } from '../../../src/commands/allotment/decide-grant.ts'
import { evolveLimit, type LimitEvent, type LimitState, NO_LIMIT } from '../../../src/events/limit-book.ts'
import { LimitRules } from '../../../src/events/limit-rules.ts'

const ONE = 10n ** 12n
const KEY = 'openOrders'
const setBy = { streamId: 'limit-global', revision: '0' }
const given = (...events: readonly LimitEvent[]): LimitState =>
  events.reduce<LimitState>((state, event) => evolveLimit(state, event, setBy), NO_LIMIT)
const set = (openOrders: number | null): LimitEvent => ({
  type: 'LimitSet',
  data: { scope: 'global', rules: LimitRules.parse({ openOrders }), by: 'k', at: 0 },
})
const granted = (accountId: string, total: string): LimitEvent => ({
  type: 'LimitGranted',
  data: { scope: 'global', accountId, key: KEY, total, at: 0 },
})
const returned = (accountId: string, total: string): LimitEvent => ({
  type: 'LimitReturned',
  data: { scope: 'global', accountId, key: KEY, total, at: 0 },
})
const need = (missing: bigint, received = 0n) => ({ scope: 'global', key: KEY, missing: missing * ONE, received: received * ONE })

describe('a share of a wider limit', () => {
  it('is not needed where nothing is limited any more', () => {
    assert.deepEqual(decideGrant(given(set(null)), 'a', need(1n), 7), { events: [], answer: { kind: 'unlimited' } })
  })
  it('comes with a part of the limit to spare, so that the next order needs no grant', () => {
    const decided = decideGrant(given(set(6_400)), 'a', need(10n), 7)
    assert.deepEqual(decided, {
      events: [{ type: 'LimitGranted', data: { scope: 'global', accountId: 'a', key: KEY, total: '110', at: 7 } }],
      answer: { kind: 'granted', total: 110n * ONE },
    })
  })
  it('spares no more than a quarter of what is free besides', () => {
    // 40 free, 20 wanted: a quarter of the other 20, though a 64th of the limit is 100
    const decided = decideGrant(given(set(6_400), granted('b', '6360')), 'a', need(20n), 7)
    assert.deepEqual(decided.answer, { kind: 'granted', total: 25n * ONE })
  })
  it('adds to what was granted before', () => {
    const decided = decideGrant(given(set(64), granted('a', '8')), 'a', need(4n, 8n), 7)
    assert.deepEqual(decided.answer, { kind: 'granted', total: 13n * ONE })
  })
  it('takes what did not arrive first, and only the rest anew', () => {
    const state = given(set(64), granted('a', '8'))
    assert.deepEqual(decideGrant(state, 'a', need(3n, 5n), 7), { events: [], answer: { kind: 'granted', total: 8n * ONE } })
    assert.deepEqual(decideGrant(state, 'a', need(4n, 5n), 7).answer, { kind: 'granted', total: 10n * ONE })
  })
  it('is refused with the numbers when less is free, and given to the last unit', () => {
    const state = given(set(10), granted('b', '7'))
    assert.deepEqual(decideGrant(state, 'a', need(4n), 7), {
      events: [],
      answer: { kind: 'exhausted', limit: 10n * ONE, outstanding: 7n * ONE, wanted: 4n * ONE },
    })
    assert.deepEqual(decideGrant(state, 'a', need(3n), 7).answer, { kind: 'granted', total: 3n * ONE })
  })
  it('that was returned is free again', () => {
    const state = given(set(10), granted('b', '7'), returned('b', '2'))
    assert.deepEqual(decideGrant(state, 'a', need(5n), 7).answer, { kind: 'granted', total: 5n * ONE })
  })
  it('is noted as returned by its total, once', () => {
    const state = given(set(10), granted('b', '7'), returned('b', '2'))
    const back = (total: bigint) => ({ scope: 'global', key: KEY, total: total * ONE })
    assert.deepEqual(decideReturn(state, 'b', back(5n), 9), {
      events: [{ type: 'LimitReturned', data: { scope: 'global', accountId: 'b', key: KEY, total: '5', at: 9 } }],
      answer: 3n * ONE,
    })
    assert.deepEqual(decideReturn(state, 'b', back(2n), 9), { events: [], answer: 0n })
    assert.deepEqual(decideReturn(state, 'b', back(1n), 9), { events: [], answer: 0n }, 'a late note')
  })
})
