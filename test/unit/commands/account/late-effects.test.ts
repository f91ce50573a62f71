import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import type { LateSubject } from '../../../../src/commands/transaction/late-subject.ts'
import type { TokenDelta } from '../../../../src/events/account/transaction-events.ts'
import {
  balance,
  cancel,
  charged,
  expired,
  failed,
  given,
  landed,
  left,
  limit,
  mid,
  place,
  reasonOf,
  request,
  type Story,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  USDC,
  usdc,
  vanished,
  WALLET,
} from '../account-story.ts'

const TERMS = {
  ...{ symbol: 'SOL/USDC', version: 1, base: 'SOL', quote: 'USDC', baseMint: 'MintSOL', quoteMint: 'MintUSDC' },
  ...{ baseDecimals: 9, quoteDecimals: 6 },
}
const orderOf = (side: 'buy' | 'sell' = 'buy'): LateSubject => ({
  ...{ kind: 'order', orderId: 'acct.1', clOrdId: 'c-1', side, strategyId: 's', instrument: TERMS },
})
const costs = { fee: '5000', priorityFee: '0', tip: '0', rent: '0' }
const key = (ref: string, attempt = 1) => ({ ref, attempt, signature: `sig-${ref}-${attempt}` })
const late = (ref: string, subject: LateSubject, deltas: TokenDelta[], attempt = 1): AccountCommand => ({
  ...{ type: 'BookLate', ...key(ref, attempt), generation: 1, slot: 99, ...costs, subject, deltas },
})
const trigger: AccountCommand = { type: 'TriggerOrder', number: 1, trigger: mid('90') }
const grew = (amount: bigint, tokenAccount = 'ata', owner = WALLET, mint = USDC.mint): TokenDelta => ({
  ...{ tokenAccount, owner, mint, amount: amount.toString() },
})
/** An order whose first attempt was taken to be expired. */
const believedExpired = (r = request()): Story => given(place(r), trigger, signed('1'), expired('1'))

const OPEN = 'the attempt is open: its own booking comes first'

describe('a late landing on record', () => {
  it('tells what it contradicts, and is final at once with what it settles', () => {
    const deltas = swap(sol(1), -usdc(99))
    const s = given(charged(place(request())), signed('1'), expired('1'))
    const { events } = s.does(late('1', orderOf(), deltas))
    assert.deepEqual(
      events.map(({ type }) => type),
      ['TransactionLandedLate', 'TradeBooked', 'LedgerFeeCharged', 'TransactionsFinalized'],
    )
    const told = { ...key('1'), generation: 1, slot: 99, ...costs, deltas, contradicts: 'expiry', at: 1_000 }
    assert.deepEqual(events[0]?.data, told)
    const settled = [{ asset: 'SOL', amount: sol(0.9975).toString() }]
    assert.deepEqual(events[3]?.data, { transactions: [{ ...key('1'), generation: 1 }], settled, slot: 99, at: 1_000 })
  })
  it('of a sale settles the quote', () => {
    const s = believedExpired(request({ side: 'sell' }))
    const final = s.does(late('1', orderOf('sell'), swap(-sol(1), usdc(99)))).events.at(-1)
    assert.deepEqual(final?.type === 'TransactionsFinalized' && final.data.settled, [{ asset: 'USDC', amount: usdc(99).toString() }])
  })
  it('is of the next generation of its attempt, and of its own where the fold knows no such attempt', () => {
    const s = given(place(limit()), trigger, signed('1'), landed('1', swap(sol(0.5), -usdc(45))), vanished('1'), expired('1'))
    const [known] = s.does(late('1', orderOf(), swap(sol(0.5), -usdc(45)))).events
    assert.equal(known?.type === 'TransactionLandedLate' && known.data.generation, 2)
    const [unknown] = s.does({ ...late('7', orderOf(), swap(sol(1), -usdc(99))), generation: 4 } as AccountCommand).events
    assert.equal(unknown?.type === 'TransactionLandedLate' && unknown.data.generation, 4)
  })
  it('is none of another signature, and none of what was booked in time', () => {
    const s = believedExpired()
    assert.equal(reasonOf(s.does({ ...late('1', orderOf(), []), signature: 'other' } as AccountCommand)), 'another signature')
    const open = given(place(request()), signed('1'))
    assert.equal(reasonOf(open.does(late('1', orderOf(), []))), OPEN)
    for (const outcome of [landed('1', swap(sol(1), -usdc(99))), failed('1')]) {
      const over = given(place(limit()), trigger, signed('1'), outcome)
      const phase = outcome.type === 'BookLanded' ? 'landed' : 'failed'
      assert.equal(reasonOf(over.does(late('1', orderOf(), []))), `already booked: ${phase}`)
    }
  })
  it('that moved nothing of the order, or was set-up, is its cost alone', () => {
    for (const subject of [orderOf(), { kind: 'setup' } as const]) {
      const { events } = believedExpired().does(late('1', subject, []))
      assert.deepEqual(
        events.map(({ type }) => type),
        ['TransactionLandedLate', 'TransactionsFinalized'],
      )
      assert.deepEqual(events[1]?.type === 'TransactionsFinalized' && events[1].data.settled, [])
    }
  })
  it('guesses nothing where one side moved alone, or both the wrong way', () => {
    const why = 'the balance changes contradict the order: nothing is booked'
    for (const [base, quote] of [
      [sol(1), 0n],
      [0n, -usdc(1)],
      [-sol(1), usdc(1)],
      [sol(1), usdc(1)],
    ] as const)
      assert.equal(reasonOf(believedExpired().does(late('1', orderOf(), swap(base, quote)))), why)
  })
})

describe('an overfill', () => {
  it('is told whole: what moved, in which asset, and what it contradicts', () => {
    const overfilledBy = (s: Story, subject: LateSubject, deltas: TokenDelta[]) => {
      const event = s.does(late('1', subject, deltas)).events.find(({ type }) => type === 'TradeOverfilled')
      return event?.data
    }
    const told = {
      ...{ execId: 'acct.1.1.1', orderId: 'acct.1', attempt: 1, generation: 1, signature: 'sig-1-1', strategyId: 's', at: 1_000 },
      ...{ symbol: 'SOL/USDC', base: 'SOL', quote: 'USDC', baseDecimals: 9, quoteDecimals: 6 },
    }
    const by = { cause: { type: 'TransactionExpired', ref: '1', attempt: 1 }, command: 'o-c-1', reverses: 'reservation' }
    const [qty, cash] = [sol(2).toString(), usdc(190).toString()]
    assert.deepEqual(overfilledBy(believedExpired(), orderOf(), swap(sol(2), -usdc(190))), {
      ...{ ...told, side: 'buy', lastQty: qty, lastQuote: cash, compensates: { ...by, effect: { asset: 'USDC', amount: cash } } },
    })
    assert.deepEqual(overfilledBy(believedExpired(request({ side: 'sell' })), orderOf('sell'), swap(-sol(2), usdc(190))), {
      ...{ ...told, side: 'sell', lastQty: qty, lastQuote: cash, compensates: { ...by, effect: { asset: 'SOL', amount: qty } } },
    })
  })
  it('ends what was left of the order, or asks for its end where another attempt is open', () => {
    const rest = believedExpired(limit())
    const end = rest.does(late('1', orderOf(), swap(sol(2), -usdc(190)))).events[2]
    assert.ok(end?.type === 'OrderCanceled' && end.data.text === 'OVERFILLED')
    const open = believedExpired(limit())
    open.does(signed('1', 2))
    const asked = open.does(late('1', orderOf(), swap(sol(2), -usdc(190)))).events[2]
    assert.ok(asked?.type === 'OrderCancelRequested' && asked.data.text === 'OVERFILLED')
    assert.equal(statusOf(open, 1), 'PendingCancel')
    const asking = believedExpired(limit())
    for (const command of [signed('1', 2), cancel()]) asking.does(command)
    const again = asking.does(late('1', orderOf(), swap(sol(2), -usdc(190))))
    assert.deepEqual(typesOf(again), ['TransactionLandedLate', 'TradeOverfilled', 'TransactionsFinalized'], 'its end was asked for before')
  })
  it('answers the requests that waited: a filled order stays filled, and waits for nobody', () => {
    const s = believedExpired(limit())
    for (const command of [signed('1', 2), cancel(1, 'x'), late('1', orderOf(), swap(sol(1), -usdc(90)))]) s.does(command)
    assert.deepEqual([statusOf(s, 1), s.state.orders.get(1)?.cumQty], ['PendingCancel', sol(1)])
    const second = s.does(late('1', orderOf(), swap(sol(1), -usdc(91)), 2))
    assert.deepEqual(typesOf(second), ['TransactionLandedLate', 'TradeOverfilled', 'OrderCancelRejected', 'TransactionsFinalized'])
    assert.deepEqual([s.state.orders.size, s.state.openOrders], [0, 0])
  })
})

describe('a late credit', () => {
  const subject: LateSubject = { kind: 'deposit', id: 'x', asset: 'USDC', mint: USDC.mint }
  const asked: readonly AccountCommand[] = [
    { type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: usdc(5) },
    signed('d-x', 1, 'deposit'),
    expired('d-x'),
  ]
  const told = { depositId: 'x', asset: 'USDC', signature: 'sig-d-x-1', at: 1_000 }

  it('of an attempt that is under way is not late', () => {
    assert.equal(reasonOf(given(...asked.slice(0, 2)).does(late('d-x', subject, [grew(4n)]))), OPEN)
  })
  it('is that of the deposit while it waits, and provisional no longer', () => {
    const s = given(...asked)
    const { events } = s.does(late('d-x', subject, [grew(4n), grew(3n, 'second')]))
    assert.deepEqual(
      events.flatMap(({ type, data }) => (type === 'FundsCredited' ? [data] : [])),
      [
        { ...told, amount: '4', tokenAccount: 'ata' },
        { ...told, amount: '3', tokenAccount: 'second' },
      ],
    )
    const final = events.at(-1)
    assert.deepEqual(final?.type === 'TransactionsFinalized' && final.data.settled, [{ asset: 'USDC', amount: '7' }])
    assert.equal(s.state.deposits.size, 0, 'credited and final')
  })
  it('of a deposit that had ended is one that came unasked, of the wallet’s own accounts that grew', () => {
    const s = given(...asked, { type: 'FailDeposit', depositId: 'x', reason: 'given up' })
    const deltas = [grew(4n), grew(-1n, 'less'), grew(0n, 'same'), grew(9n, 'theirs', 'Somebody'), grew(9n, 'other', WALLET, 'MintSOL')]
    const [, credit, final] = s.does(late('d-x', subject, deltas)).events
    assert.ok(credit?.type === 'FundsCredited')
    const { depositId, ...rest } = credit.data
    assert.match(depositId, /^chain-[0-9a-f]{32}$/)
    assert.deepEqual(rest, { asset: 'USDC', amount: '4', signature: 'sig-d-x-1', tokenAccount: 'ata', slot: 99, at: 1_000 })
    assert.deepEqual(final?.type === 'TransactionsFinalized' && final.data.settled, [])
  })
  it('is not booked again where it was seen as one that came unasked', () => {
    const s = given(...asked, { type: 'FailDeposit', depositId: 'x', reason: 'given up' })
    const seen = { type: 'BookUnrequestedCredit', signature: 'sig-d-x-1', slot: 99, tokenAccount: 'ata', asset: USDC, amount: 4n } as const
    assert.deepEqual(typesOf(s.does(seen)), ['FundsCredited'])
    assert.deepEqual(typesOf(s.does(late('d-x', subject, [grew(4n)]))), ['TransactionLandedLate', 'TransactionsFinalized'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000) + 4n, 0n])
  })
})

describe('a late payout', () => {
  const withdrawal: LateSubject = { kind: 'withdrawal', id: 'w', asset: 'USDC', mint: USDC.mint }
  const asked: readonly AccountCommand[] = [
    { type: 'RequestWithdrawal', withdrawalId: 'w', asset: USDC, amount: usdc(100), destination: 'Elsewhere' },
    { type: 'ConfirmWithdrawal', withdrawalId: 'w' },
    signed('w-w', 1, 'withdrawal'),
    expired('w-w'),
  ]

  it('of an attempt that is under way is not late', () => {
    assert.equal(reasonOf(given(...asked.slice(0, 3)).does(late('w-w', withdrawal, left(usdc(100))))), OPEN)
  })
  it('is sent by it where it still waits; the attempt under way is a second one then', () => {
    const s = given(...asked, signed('w-w', 2, 'withdrawal'))
    assert.deepEqual(typesOf(s.does(late('w-w', withdrawal, left(usdc(100))))), [
      ...['TransactionLandedLate', 'FundsWithdrawalSent', 'TransactionsFinalized'],
    ])
    assert.equal(s.state.payouts.get('w-w')?.status, 'completed')
    const second = landed('w-w', left(usdc(100)), 2)
    assert.equal(reasonOf(s.does(second)), 'another transaction has done this: booked once it is final')
    const [told, extra] = s.does(late('w-w', withdrawal, left(usdc(100)), 2)).events
    assert.equal(told?.type === 'TransactionLandedLate' && told.data.contradicts, 'execution')
    const effect = { asset: 'USDC', amount: usdc(100).toString() }
    assert.deepEqual(extra, {
      type: 'FundsWithdrawalLate',
      data: {
        ...{ withdrawalId: 'w', ...effect, signature: 'sig-w-w-2', attempt: 2, at: 1_000 },
        compensates: { cause: { type: 'TransactionLanded', ref: 'w-w', attempt: 2 }, command: 'w-w', reverses: 'withdrawal', effect },
      },
    })
    assert.deepEqual([balance(s, 'USDC'), s.state.payouts.size], [[usdc(800), 0n], 0])
  })
  it('of a withdrawal that had ended is what left, and nothing where nothing did', () => {
    const ended = () => given(...asked, { type: 'FailPayout', ref: 'w-w', reason: 'given up' })
    const [, extra] = ended().does(late('w-w', withdrawal, left(1n))).events
    assert.deepEqual(extra?.type === 'FundsWithdrawalLate' && [extra.data.amount, extra.data.compensates.cause.type], [
      ...['1', 'TransactionExpired'],
    ])
    const why = 'the balance changes are not those of the withdrawal: nothing is booked'
    for (const amount of [0n, -1n]) assert.equal(reasonOf(ended().does(late('w-w', withdrawal, left(amount)))), why)
  })
  it('of a transfer is sent where it still waits, and left to people where it had ended', () => {
    const transfer: LateSubject = { kind: 'transfer', id: 't', asset: 'USDC', mint: USDC.mint }
    const commands: readonly AccountCommand[] = [
      { type: 'RequestTransfer', transferId: 't', asset: USDC, amount: usdc(40), to: 'other' },
      signed('t-t', 1, 'transfer'),
      expired('t-t'),
    ]
    const sent = given(...commands).does(late('t-t', transfer, left(usdc(40))))
    assert.deepEqual(typesOf(sent), ['TransactionLandedLate', 'FundsTransferSent', 'TransactionsFinalized'])
    const ended = given(...commands, { type: 'FailPayout', ref: 't-t', reason: 'given up' })
    const why = 'a transfer that had ended has moved money: the difference is for people to correct'
    assert.equal(reasonOf(ended.does(late('t-t', transfer, left(usdc(40))))), why)
  })
})
