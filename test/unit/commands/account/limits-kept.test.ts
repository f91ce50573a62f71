import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { LimitRules } from '../../../../src/events/limit-rules.ts'
import { funded, given, limit, place, reasonOf, sol } from '../account-story.ts'

const ONE = 10n ** 12n
const rules = LimitRules.parse({ openOrders: 3 })
const set = (strategyId: string | null, of = rules): AccountCommand => ({ type: 'SetLimits', strategyId, rules: of })
const grant = { streamId: 'limit-global', revision: '7' }
const key = 'openNotional USDC'
const receive = (total: bigint, scope = 'global'): AccountCommand => ({ type: 'ReceiveAllotment', scope, key, total, grant })
const giveBack = (granted: bigint): AccountCommand => ({ type: 'ReturnAllotment', scope: 'global', key, granted })

describe('limits of an account', () => {
  it('are set for all of it or for one strategy, and the same ones once', () => {
    const s = funded()
    for (const strategyId of [null, 'arb']) {
      assert.deepEqual(s.does(set(strategyId)).events, [{ type: 'LimitsSet', data: { strategyId, rules, at: 1_000 } }])
      assert.equal(reasonOf(s.does(set(strategyId))), 'these are the limits in force')
    }
    assert.equal(s.does(set(null, LimitRules.parse({ openOrders: 4 }))).events.length, 1)
  })
})

describe('a share of a wider limit', () => {
  it('arrives by its total, which only rises', () => {
    const s = funded()
    const data = { scope: 'global', key, total: '15', grant, at: 1_000 }
    assert.deepEqual(s.does(receive(15n * ONE)).events, [{ type: 'AllotmentReceived', data }])
    for (const total of [15n * ONE, 14n * ONE]) assert.equal(reasonOf(s.does(receive(total))), 'already received')
    assert.equal(s.does(receive(15n * ONE + 1n)).events.length, 1)
    assert.equal(s.does(receive(15n * ONE, 'strategy:x')).events.length, 1, 'of another limit')
  })
  it('is given back as far as it is not used, by the total of all that was', () => {
    const s = given(receive(150n * ONE), place(limit({ orderQty: sol(1) })))
    const returned = (total: string) => [{ type: 'AllotmentReturned', data: { scope: 'global', key, total, at: 1_000 } }]
    assert.deepEqual(s.does(giveBack(150n * ONE)).events, returned('50'))
    assert.equal(reasonOf(s.does(giveBack(150n * ONE))), 'nothing is unspent')
    s.does({ type: 'CancelOrder', number: 1 })
    assert.deepEqual(s.does(giveBack(150n * ONE)).events, returned('150'))
  })
  it('that never arrived arrives to be given back', () => {
    const arrives = { scope: 'global', key, total: '20', grant: { streamId: 'limit-global', revision: '0' }, at: 1_000 }
    const back = { scope: 'global', key, total: '20', at: 1_000 }
    assert.deepEqual(given(receive(15n * ONE)).does(giveBack(20n * ONE)).events, [
      { type: 'AllotmentReceived', data: arrives },
      { type: 'AllotmentReturned', data: back },
    ])
    assert.deepEqual(given(receive(15n * ONE)).does(giveBack(10n * ONE)).events, [
      { type: 'AllotmentReturned', data: { ...back, total: '15' } },
    ])
    assert.equal(reasonOf(funded().does(giveBack(0n))), 'nothing is unspent')
  })
})
