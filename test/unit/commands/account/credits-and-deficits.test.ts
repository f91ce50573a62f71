import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { unrequestedDepositId } from '../../../../src/commands/ledger/unrequested.ts'
import type { TokenDelta } from '../../../../src/events/account/transaction-events.ts'
import {
  balance,
  cancel,
  expired,
  failed,
  funded,
  given,
  INSTRUMENT,
  landed,
  limit,
  mid,
  place,
  reasonOf,
  request,
  SOL,
  type Story,
  signed,
  sol,
  statusOf,
  story,
  swap,
  typesOf,
  USDC,
  usdc,
  vanished,
  WALLET,
} from '../account-story.ts'

const trigger: AccountCommand = { type: 'TriggerOrder', number: 1, trigger: mid('90') }

describe('a transfer that came unasked', () => {
  const gift = { type: 'BookUnrequestedCredit', signature: 'gift', slot: 7, tokenAccount: 'ata', asset: USDC, amount: 3n } as const
  const depositId = unrequestedDepositId('gift')
  const credit = { depositId, asset: 'USDC', amount: '3', signature: 'gift', tokenAccount: 'ata', slot: 7, at: 1_000 }

  it('is credited as it came, native SOL once it is wrapped', () => {
    assert.deepEqual(funded().does(gift).events, [{ type: 'FundsCredited', data: credit }])
    const s = funded()
    assert.deepEqual(s.does({ ...gift, asset: SOL, tokenAccount: WALLET }).events, [
      { type: 'FundsArrived', data: { ...credit, asset: 'SOL', tokenAccount: WALLET, mint: 'MintSOL', decimals: 9 } },
    ])
    assert.deepEqual(balance(s, 'SOL'), [sol(10), 0n])
    assert.deepEqual([s.state.deposits.get(depositId)?.source, s.state.deposits.get(depositId)?.amount], ['wallet', 3n])
  })
  it('is none without a wallet, of nothing, of ours, or twice', () => {
    assert.equal(reasonOf(story({ type: 'OpenAccount', accountId: 'acct' }).does(gift)), 'the account has no wallet')
    for (const amount of [0n, -1n]) assert.equal(reasonOf(funded().does({ ...gift, amount })), 'nothing came')
    assert.equal(reasonOf(given(gift).does(gift)), 'already booked')
    const own = given(place(limit()), trigger, signed('1'))
    assert.equal(reasonOf(own.does({ ...gift, signature: 'sig-1-1' })), 'a transaction of ours')
    own.does(landed('1', swap(1n, -1n)))
    own.does(trigger)
    own.does(signed('1', 2))
    assert.equal(reasonOf(own.does({ ...gift, signature: 'sig-1-1' })), 'a transaction of ours', 'an earlier attempt')
  })
  it('makes up for what is missing of its asset, and for nothing else', () => {
    const compare = (chain: bigint): AccountCommand => ({ type: 'CompareWithChain', asset: 'USDC', chain, slot: 100 })
    const why = 'it makes up for what is missing on the chain'
    assert.equal(reasonOf(given(compare(usdc(999))).does(gift)), why)
    assert.deepEqual(typesOf(given(compare(usdc(999))).does({ ...gift, asset: SOL })), ['FundsCredited'])
    assert.deepEqual(typesOf(given(compare(usdc(1_001))).does(gift)), ['FundsCredited'], 'there is more than there should be')
  })
})

describe('a credit is remembered on the attempt that brought it', () => {
  const credit = (...amounts: readonly bigint[]): TokenDelta[] =>
    amounts.map((amount, i) => ({ tokenAccount: `ata-${i}`, owner: WALLET, mint: USDC.mint, amount: amount.toString() }))
  const asked = (): Story => given({ type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: usdc(5) }, signed('d-x', 1, 'deposit'))

  it('as one sum over the wallet’s token accounts', () => {
    const s = asked()
    s.does(landed('d-x', credit(3n, 4n)))
    assert.deepEqual(s.state.attempts.get('d-x')?.booked, { kind: 'credit', asset: 'USDC', amount: 7n })
    assert.equal(s.state.deposits.get('x')?.status, 'credited')
  })
  it('also where that is an earlier one among others, and is taken back from there', () => {
    const s = asked()
    for (const attempt of [1, 2]) {
      s.does(failed('d-x', 'custom:1', attempt))
      s.wasSigned(signed('d-x', attempt + 1, 'deposit'))
    }
    s.does(vanished('d-x', 2))
    s.does(landed('d-x', credit(5n), 2))
    const booked = [s.state.earlier.get('d-x#1'), s.state.earlier.get('d-x#2'), s.state.attempts.get('d-x')].map((a) => a?.booked)
    assert.deepEqual(booked, [null, { kind: 'credit', asset: 'USDC', amount: 5n }, null])
    assert.deepEqual(typesOf(s.does(vanished('d-x', 2, 2))), ['TransactionVanished', 'FundsDepositReversed'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })
})

describe('what is missing of available', () => {
  /** 1,000 USDC and 100 more by a sale that is not final, of which all but 1 rests in three orders. */
  const spent = (): Story => {
    const s = given(place(request({ clOrdId: 'sale', side: 'sell' })), signed('1'), landed('1', swap(-sol(1), usdc(100))))
    for (const [clOrdId, qty] of [
      ['old', 9.99],
      ['newer', 0.5],
      ['newest', 0.5],
    ] as const)
      s.does(place(limit({ clOrdId, orderQty: sol(qty) })))
    return s
  }
  it('is covered by the newest orders that hold it, no more of them than it takes', () => {
    const s = spent()
    const { events } = s.does(vanished('1'))
    assert.deepEqual(
      events.slice(2).map(({ type, data }) => [type, 'orderId' in data && data.orderId, 'text' in data && data.text]),
      [
        ['OrderCanceled', 'acct.4', 'NEGATIVE_AVAILABLE'],
        ['OrderCanceled', 'acct.3', 'NEGATIVE_AVAILABLE'],
      ],
    )
    assert.deepEqual([statusOf(s, 2), balance(s, 'USDC')], ['New', [usdc(1), usdc(999)]])
  })
  it('is nothing at zero', () => {
    const s = spent()
    s.does(place(limit({ clOrdId: 'all', orderQty: sol(0.01) })))
    for (const number of [4, 3]) s.does(cancel(number))
    assert.deepEqual(balance(s, 'USDC')[0], usdc(100))
    assert.deepEqual(typesOf(s.does(vanished('1'))), ['TransactionVanished', 'TradeCanceled'])
  })
  it('is not taken from what is under way, has ended, or holds nothing of it', () => {
    const s = spent()
    const legs = [limit({ clOrdId: 'other', side: 'sell', price: '200' }), limit({ clOrdId: 'held' })]
    s.does({ type: 'PlaceList', listId: 'L', kind: 'oto', legs, instrument: INSTRUMENT, reference: mid('100') })
    s.does({ type: 'TriggerOrder', number: 4, trigger: mid('90') })
    s.does(signed('4'))
    const canceled = s.does(vanished('1')).events.flatMap(({ type, data }) => (type === 'OrderCanceled' ? [data.orderId] : []))
    assert.deepEqual(canceled, ['acct.3', 'acct.2'])
    assert.deepEqual([statusOf(s, 4), statusOf(s, 5), statusOf(s, 6)], ['New', 'New', 'New'])
  })
  it('is covered by what was under way as soon as its attempt has ended without a trade', () => {
    for (const outcome of [failed('2'), expired('2')]) {
      const s = given(place(request({ clOrdId: 'sale', side: 'sell' })), signed('1'), landed('1', swap(-sol(1), usdc(100))))
      for (const command of [place(limit({ clOrdId: 'all', orderQty: sol(11) })), { ...trigger, number: 2 }, signed('2')]) s.does(command)
      assert.deepEqual(typesOf(s.does(vanished('1'))), ['TransactionVanished', 'TradeCanceled'])
      assert.deepEqual(balance(s, 'USDC'), [-usdc(100), usdc(1_100)])
      assert.deepEqual(typesOf(s.does(outcome)).slice(1), ['OrderCanceled'])
      assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
    }
  })
  it('is looked for after what may take it alone', () => {
    const s = given(place(limit({ orderQty: sol(10) })), {
      type: 'RequestCorrection',
      correctionId: 'k',
      asset: USDC,
      amount: -1n,
      reason: 'r',
      by: 'a',
    })
    const approve: AccountCommand = { type: 'ApproveCorrection', correctionId: 'k', by: 'b' }
    assert.deepEqual(typesOf(s.does(approve)), ['LedgerCorrected', 'OrderCanceled'])
  })
})
