import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { codeOf, funded, landed, limit, mid, place, replace, request, type Story, signed, sol, swap, usdc } from '../account-story.ts'

const reducing = (command: AccountCommand, scope = 'global'): AccountCommand =>
  ({ ...command, control: { scope, state: 'REDUCING', reason: 'r', setBy: undefined } }) as AccountCommand
/** An account that bought 2 SOL, for strategy arb. */
const long = (...commands: readonly AccountCommand[]): Story => {
  const s = funded()
  const before = [
    place(request({ clOrdId: 'entry', orderQty: sol(2), strategyId: 'arb' })),
    signed('1'),
    landed('1', swap(sol(2), -usdc(200))),
  ]
  for (const command of [...before, ...commands]) s.does(command)
  return s
}
const sale = (r: Parameters<typeof limit>[0] = {}) => place(limit({ side: 'sell', price: '120', ...r }))
const trigger: AccountCommand = { type: 'TriggerOrder', number: 2, trigger: mid('130') }

describe('a replace while only exits are let through', () => {
  it('may go up to the position, and no unit beyond it', () => {
    assert.equal(codeOf(long(sale()).does(reducing(replace(2, 'r', { orderQty: sol(2) })))), 'order')
    assert.equal(codeOf(long(sale()).does(reducing(replace(2, 'r', { orderQty: sol(2) + 1n })))), 'halted')
    assert.equal(codeOf(long(sale({ orderQty: sol(3) })).does(reducing(replace(2, 'r', { price: '121' })))), 'halted')
  })
  it('counts what is left of the order', () => {
    const s = long(sale({ orderQty: sol(2) }), trigger, signed('2'), landed('2', swap(-sol(0.5), usdc(60))))
    assert.equal(codeOf(s.does(reducing(replace(2, 'a', { orderQty: sol(2) + 1n })))), 'halted')
    assert.equal(codeOf(s.does(reducing(replace(2, 'b', { orderQty: sol(2), price: '121' })))), 'order')
  })
  it('does not count the order beside itself while its attempt is open', () => {
    const s = long(sale({ orderQty: sol(2) }), trigger, signed('2'))
    assert.equal(codeOf(s.does(reducing(replace(2, 'r', { price: '121' })))), 'order')
  })
  it('of a sale by cash counts what it would hold at worst, of a purchase by cash is none', () => {
    const byCash = (side: 'buy' | 'sell', cash: number) => place(request({ side, orderQty: null, cashOrderQty: usdc(cash) }))
    assert.equal(codeOf(long(byCash('sell', 100)).does(reducing(replace(2, 'r', { cashOrderQty: usdc(90) })))), 'order')
    assert.equal(codeOf(long(byCash('sell', 300)).does(reducing(replace(2, 'r', { cashOrderQty: usdc(198) })))), 'order')
    assert.equal(codeOf(long(byCash('sell', 100)).does(reducing(replace(2, 'r', { cashOrderQty: usdc(199) })))), 'halted')
    const short = funded()
    for (const command of [place(request({ clOrdId: 'entry', side: 'sell', orderQty: sol(2) })), signed('1')]) short.does(command)
    short.does(landed('1', swap(-sol(2), usdc(200))))
    short.does(byCash('buy', 50))
    assert.equal(codeOf(short.does(reducing(replace(2, 'r', { cashOrderQty: usdc(40) })))), 'halted')
  })
  it('looks at the position of the strategy whose control it is', () => {
    const other = long(sale({ strategyId: 'other' }))
    assert.equal(codeOf(other.does(reducing(replace(2, 'a', { price: '121' }), 'strategy:other'))), 'halted')
    assert.equal(codeOf(other.does(reducing(replace(2, 'b', { price: '121' })))), 'order', 'the account’s, for a control of all')
    assert.equal(codeOf(long(sale({ strategyId: 'arb' })).does(reducing(replace(2, 'c', { price: '121' }), 'strategy:arb'))), 'order')
  })
})
