import assert from 'node:assert/strict'
import {
  balance,
  codeOf,
  funded,
  landed,
  limit,
  place,
  request,
  type Story,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  usdc,
  vanished,
} from './account-story.ts'

/** 1,000 USDC: 1 SOL was sold for 100 more, which then went into three resting buys and one that rests on SOL. */
const spentOnCredit = (): Story => {
  const s = funded()
  s.does(place(request({ clOrdId: 'sale', side: 'sell', orderQty: sol(1) })))
  s.does(signed('1'))
  s.does(landed('1', swap(-sol(1), usdc(100))))
  for (const [clOrdId, size] of [
    ['old', 9],
    ['newer', 1],
    ['newest', 1],
  ] as const)
    assert.equal(codeOf(s.does(place(limit({ clOrdId, orderQty: sol(size) })))), 'order')
  s.does(place(limit({ clOrdId: 'other-asset', side: 'sell', price: '200', orderQty: sol(1) })))
  return s
}

describe('available funds that a fork made negative', () => {
  it('cancel the newest resting orders on the same asset, in the same append, until they are not', () => {
    const s = spentOnCredit()
    const decision = s.does(vanished('1'))
    assert.deepEqual(typesOf(decision), ['TransactionVanished', 'TradeCanceled', 'OrderCanceled'])
    assert.deepEqual(
      [2, 3, 4, 5].map((number) => statusOf(s, number)),
      ['New', 'New', undefined, 'New'],
    )
    assert.deepEqual(balance(s, 'USDC'), [0n, usdc(1_000)])
  })

  it('leave what is being executed alone, and let the account only reduce until they are covered', () => {
    const s = spentOnCredit()
    for (const number of [2, 3, 4]) {
      s.does({ type: 'TriggerOrder', number, trigger: { price: '100', sourceId: 'test', time: 1_000 } })
      assert.deepEqual(typesOf(s.does(signed(String(number)))), ['TransactionSigned'])
    }
    assert.deepEqual(typesOf(s.does(vanished('1'))), ['TransactionVanished', 'TradeCanceled'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(-100), usdc(1_100)])
    const entry = s.does(place(limit({ clOrdId: 'entry', side: 'sell', price: '150', orderQty: sol(1) })))
    assert.equal(codeOf(entry), 'halted')
    assert.ok(entry.answer.kind === 'refused')
    assert.deepEqual(entry.answer.refusal.extra?.why, { rule: 'negative_available', value: 'REDUCING' })
  })
})
