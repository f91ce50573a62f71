import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { decodeState, encodeState } from '../../../src/commands/handler/snapshot-codec.ts'
import { holdingKey } from '../../../src/commands/limits/risk-state.ts'
import type { LateSubject } from '../../../src/commands/transaction/late-subject.ts'
import type { TokenDelta } from '../../../src/events/account/transaction-events.ts'
import { postingsOf } from '../../../src/events/postings.ts'
import {
  balance,
  expired,
  finalized,
  funded,
  INSTRUMENT,
  landed,
  left,
  limit,
  place,
  request,
  SOL,
  type Story,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  USDC,
  usdc,
  WALLET,
} from './account-story.ts'

const buy = (number = 1): LateSubject => ({
  ...{ kind: 'order', orderId: `acct.${number}`, clOrdId: 'c-1', side: 'buy', strategyId: null },
  instrument: {
    ...{ symbol: INSTRUMENT.symbol, version: 1, base: 'SOL', quote: 'USDC', baseDecimals: 9, quoteDecimals: 6 },
    ...{ baseMint: SOL.mint, quoteMint: USDC.mint },
  },
})
const late = (ref: string, subject: LateSubject, deltas: TokenDelta[], attempt = 1): AccountCommand => ({
  type: 'BookLate',
  ...{ ref, attempt, signature: `sig-${ref}-${attempt}`, generation: 1, slot: 99, fee: '5000', priorityFee: '0', tip: '0', rent: '0' },
  ...{ subject, deltas },
})
const held = (s: Story) => s.state.risk.holdings.get(holdingKey('SOL/USDC', null))?.qty ?? 0n
const SCALED_SOL = 10n ** 12n
/** Signs an order's first attempt and takes it to be expired. */
const withExpired = (r = request()): Story => {
  const s = funded()
  s.does(place(r))
  s.does(signed('1'))
  s.does(expired('1'))
  return s
}

describe('a landing after its proof of expiry was accepted', () => {
  it('fills the order where it still fits, final at once', () => {
    const s = withExpired()
    const decision = s.does(late('1', buy(), swap(sol(1), -usdc(99))))
    assert.deepEqual(typesOf(decision), ['TransactionLandedLate', 'TradeBooked', 'TransactionsFinalized'])
    assert.deepEqual(
      [balance(s, 'SOL'), balance(s, 'USDC')],
      [
        [sol(11), 0n],
        [usdc(901), 0n],
      ],
    )
    assert.equal(held(s), SCALED_SOL)
    assert.equal(s.state.orders.size, 0, 'filled and final: it leaves the fold')
  })

  it('is booked once, whoever brings it', () => {
    const s = withExpired()
    s.does(late('1', buy(), swap(sol(1), -usdc(99))))
    assert.deepEqual(s.does(late('1', buy(), swap(sol(1), -usdc(99)))).answer, { kind: 'ignored', reason: 'already booked' })
    const restored = decodeState(encodeState(s.state))
    assert.deepEqual(restored.late, s.state.late)
  })

  it('is told as an overfill when the order has been filled by another transaction meanwhile: position and money follow the chain', () => {
    const s = withExpired()
    s.does(signed('1', 2))
    s.does(landed('1', swap(sol(1), -usdc(100)), 2))
    s.does(finalized('1', 2))
    const decision = s.does(late('1', buy(), swap(sol(1), -usdc(99))))
    assert.deepEqual(typesOf(decision), ['TransactionLandedLate', 'TradeOverfilled', 'TransactionsFinalized'])
    assert.deepEqual(
      [balance(s, 'SOL'), balance(s, 'USDC')],
      [
        [sol(12), 0n],
        [usdc(801), 0n],
      ],
    )
    assert.equal(held(s), 2n * SCALED_SOL)
    const overfilled = decision.events[1]!
    assert.ok(overfilled.type === 'TradeOverfilled')
    assert.deepEqual(overfilled.data.compensates, {
      cause: { type: 'TransactionExpired', ref: '1', attempt: 1 },
      command: 'o-c-1',
      reverses: 'reservation',
      effect: { asset: 'USDC', amount: usdc(99).toString() },
    })
    for (const asset of ['SOL', 'USDC'])
      assert.equal(
        decision.events.flatMap(postingsOf).reduce((sum, p) => (p.asset === asset ? sum + p.amount : sum), 0n),
        0n,
      )
  })

  it('books an order that had ended as filled by it only while the fold has the order, else as excess', () => {
    const s = funded()
    s.does(place(limit({ orderQty: sol(1) })))
    s.does({ type: 'TriggerOrder', number: 1, trigger: { price: '99', sourceId: 't', time: 1_000 } })
    s.does(signed('1'))
    s.does(expired('1'))
    s.does({ type: 'CancelOrder', number: 1 })
    assert.equal(s.state.orders.size, 0)
    assert.deepEqual(typesOf(s.does(late('1', buy(), swap(sol(1), -usdc(99))))), [
      'TransactionLandedLate',
      'TradeOverfilled',
      'TransactionsFinalized',
    ])
    assert.deepEqual(balance(s, 'USDC'), [usdc(901), 0n])
  })

  it('ends what is left of an order that was executed beyond it', () => {
    const s = withExpired(limit({ orderQty: sol(1) }))
    assert.equal(statusOf(s, 1), 'New')
    const decision = s.does(late('1', buy(), swap(sol(2), -usdc(190))))
    assert.deepEqual(typesOf(decision), ['TransactionLandedLate', 'TradeOverfilled', 'OrderCanceled', 'TransactionsFinalized'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(810), 0n])
  })

  it('takes resting orders’ funds where available does not cover it', () => {
    const s = withExpired()
    s.does(signed('1', 2))
    s.does(landed('1', swap(sol(1), -usdc(100)), 2))
    s.does(finalized('1', 2))
    s.does(place(limit({ clOrdId: 'c-2', orderQty: sol(8.5), price: '100' })))
    const decision = s.does(late('1', buy(), swap(sol(1), -usdc(99))))
    assert.ok(typesOf(decision).includes('OrderCanceled'))
    assert.deepEqual(balance(s, 'USDC'), [usdc(801), 0n])
  })

  it('guesses nothing of changes that contradict the order', () => {
    const s = withExpired()
    assert.equal(s.does(late('1', buy(), swap(-sol(1), usdc(99)))).answer.kind, 'ignored')
    assert.equal(s.does(late('1', buy(), swap(sol(1), -usdc(99)), 2)).events.length > 0, true, 'an attempt that the fold does not know')
  })
})

describe('two signatures of one intent', () => {
  it('are one trade and one overfill: the second waits for finality and is then booked as what it is', () => {
    const s = withExpired()
    s.does(signed('1', 2))
    // the first landed after all, while the second is under way
    s.does(late('1', buy(), swap(sol(1), -usdc(99))))
    assert.equal(statusOf(s, 1), 'Filled')
    const second = s.does(landed('1', swap(sol(1), -usdc(98)), 2))
    assert.deepEqual([second.events, second.answer.kind], [[], 'ignored'])
    const booked = s.does(late('1', buy(), swap(sol(1), -usdc(98)), 2))
    assert.deepEqual(typesOf(booked), ['TransactionLandedLate', 'TradeOverfilled', 'TransactionsFinalized'])
    const event = booked.events[0]!
    assert.ok(event.type === 'TransactionLandedLate' && event.data.contradicts === 'execution')
    assert.deepEqual(
      [balance(s, 'SOL'), balance(s, 'USDC')],
      [
        [sol(12), 0n],
        [usdc(803), 0n],
      ],
    )
    assert.equal(s.state.orders.size, 0)
  })

  it('leaves an open attempt to its own booking', () => {
    const s = funded()
    s.does(place(request()))
    s.does(signed('1'))
    assert.equal(s.does(late('1', buy(), swap(sol(1), -usdc(99)))).answer.kind, 'ignored')
  })
})

describe('funds that land late', () => {
  const withdraw = (s: Story): void => {
    s.does({ type: 'RequestWithdrawal', withdrawalId: 'w', asset: USDC, amount: usdc(100), destination: 'Elsewhere' })
    s.does({ type: 'ConfirmWithdrawal', withdrawalId: 'w' })
    s.does(signed('w-w', 1, 'withdrawal'))
    s.does(expired('w-w'))
  }
  const subject: LateSubject = { kind: 'withdrawal', id: 'w', asset: 'USDC', mint: USDC.mint }

  it('send a withdrawal that waits for its next attempt', () => {
    const s = funded()
    withdraw(s)
    const decision = s.does(late('w-w', subject, left(usdc(100))))
    assert.deepEqual(typesOf(decision), ['TransactionLandedLate', 'FundsWithdrawalSent', 'TransactionsFinalized'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(900), 0n])
    assert.equal(s.state.payouts.size, 0)
  })

  it('are taken from available when the withdrawal was given up: negative where they are not there', () => {
    const s = funded()
    withdraw(s)
    s.does({ type: 'FailPayout', ref: 'w-w', reason: 'given up' })
    s.does({ type: 'RequestWithdrawal', withdrawalId: 'rest', asset: USDC, amount: usdc(950), destination: 'Elsewhere' })
    const decision = s.does(late('w-w', subject, left(usdc(100))))
    assert.deepEqual(typesOf(decision), ['TransactionLandedLate', 'FundsWithdrawalLate', 'TransactionsFinalized'])
    assert.deepEqual(balance(s, 'USDC'), [-usdc(50), usdc(950)])
  })

  it('credit a deposit that had been given up, once', () => {
    const s = funded()
    s.does({ type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: usdc(5) })
    s.does(signed('d-x', 1, 'deposit'))
    s.does(expired('d-x'))
    s.does({ type: 'FailDeposit', depositId: 'x', reason: 'given up' })
    const gift = [{ tokenAccount: 'ata-USDC', owner: WALLET, mint: USDC.mint, amount: usdc(5).toString() }]
    const decision = s.does(late('d-x', { kind: 'deposit', id: 'x', asset: 'USDC', mint: USDC.mint }, gift))
    assert.deepEqual(typesOf(decision), ['TransactionLandedLate', 'FundsCredited', 'TransactionsFinalized'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_005), 0n])
    assert.equal(s.does(late('d-x', { kind: 'deposit', id: 'x', asset: 'USDC', mint: USDC.mint }, gift)).events.length, 0)
  })

  it('leave a transfer that moved twice to people', () => {
    const s = funded()
    const { answer } = s.does(late('t-t', { kind: 'transfer', id: 't', asset: 'USDC', mint: USDC.mint }, left(usdc(5))))
    assert.equal(answer.kind, 'ignored')
  })
})
