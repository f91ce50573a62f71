import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { decide } from '../../../../src/commands/account/decide.ts'
import type { OrderState } from '../../../../src/commands/order/order-state.ts'
import {
  bothOpen,
  cancel,
  expired,
  failed,
  finalized,
  given,
  landed,
  limit,
  mid,
  place,
  reasonOf,
  replace,
  request,
  type Story,
  signed,
  sol,
  story,
  swap,
  typesOf,
  USDC,
  usdc,
} from '../account-story.ts'

const trigger: AccountCommand = { type: 'TriggerOrder', number: 1, trigger: mid('90') }
const withdraw: AccountCommand = { type: 'RequestWithdrawal', withdrawalId: 'w', asset: USDC, amount: usdc(100), destination: 'Elsewhere' }
const wanted: AccountCommand = { type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: usdc(5) }
const confirm: AccountCommand = { type: 'ConfirmWithdrawal', withdrawalId: 'w' }
const nonce = { account: 'N', value: 'v1', authority: 'FeePayer' }
const own = (purpose: 'nonce_setup' | 'nonce_advance', ref = 'n-N', attempt = 1): AccountCommand => ({
  ...(signed(ref, attempt) as Extract<AccountCommand, { type: 'RecordSigned' }>),
  purpose,
})

describe('a signature that is recorded', () => {
  it('is written down whole, without what it was checked by', () => {
    const s = given(place(request()))
    const { type: _type, ...told } = signed('1') as Extract<AccountCommand, { type: 'RecordSigned' }>
    const control = { scope: 'global', state: 'ACTIVE', reason: 'r', setBy: undefined, ageMs: 0, tripMs: 0 } as const
    const builtFor = { clOrdId: 'c-1', cumQty: 0n, cumQuote: 0n }
    assert.deepEqual(s.does({ ...signed('1'), control, builtFor } as AccountCommand).events, [
      { type: 'TransactionSigned', data: { ...told, at: 1_000 } },
    ])
  })
})

describe('a signature is thrown away', () => {
  const cases: readonly (readonly [why: string, before: readonly AccountCommand[], command: AccountCommand])[] = [
    ['an attempt is open', [place(request()), signed('1')], signed('1', 2)],
    ['the next attempt is 1', [place(request())], signed('1', 2)],
    ['the next attempt is 2', [place(request()), signed('1'), expired('1')], signed('1', 1)],
    ['the order has ended', [], signed('1')],
    ['the order has ended', [place(request())], signed('01')],
    ['the order has ended', [place(request()), signed('1'), failed('1')], signed('1', 2)],
    ['the order is not to be executed', [place(limit())], signed('1')],
    ['the payout is not to be sent', [], signed('w-w', 1, 'withdrawal')],
    ['the payout is not to be sent', [withdraw], signed('w-w', 1, 'withdrawal')],
    ['the payout is not to be sent', [withdraw, confirm], signed('w-w', 1, 'transfer')],
    ['an earlier attempt is not final', [withdraw, confirm, signed('w-w', 1, 'withdrawal'), failed('w-w')], signed('w-w', 2, 'withdrawal')],
    ['an earlier attempt is not final', [place(limit()), trigger, signed('1'), failed('1'), trigger], signed('1', 2)],
    ['an earlier attempt is not final', [wanted, signed('d-x', 1, 'deposit'), failed('d-x', 'custom:1')], signed('d-x', 2, 'deposit')],
    ['the deposit is not waiting', [], signed('d-x', 1, 'deposit')],
    ['the deposit is not waiting', [], signed('1', 1, 'deposit')],
    ['the ref names no nonce account', [], own('nonce_setup', '1')],
    ['nothing lives by this nonce any more', [], own('nonce_advance')],
    ['nothing lives by this nonce any more', [], own('nonce_advance', '1')],
  ]
  for (const [why, before, command] of cases)
    it(`${why}: ${before.map(({ type }) => type).join(', ') || 'nothing before'}`, () => {
      const decision = given(...before).does(command)
      assert.deepEqual([reasonOf(decision), decision.events], [why, []])
    })

  it('without a wallet', () => {
    const s = story({ type: 'OpenAccount', accountId: 'acct' }, { type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: 1n })
    assert.equal(reasonOf(s.does(signed('d-x', 1, 'deposit'))), 'the account has no wallet')
  })
  it('while an earlier attempt that vanished can still land', () => {
    const s = given(place(limit()), ...bothOpen(), expired('1', 2))
    assert.equal(reasonOf(s.does(signed('1', 3))), 'an attempt is open')
  })
  it('when its order is another one by now: replaced, or traded since', () => {
    const builtFor = { clOrdId: 'c-1', cumQty: 0n, cumQuote: 0n }
    const s = given(place(limit({ orderQty: sol(2) })), trigger)
    for (const other of [{ clOrdId: 'r' }, { cumQty: 1n }, { cumQuote: 1n }]) {
      const command = { ...signed('1'), builtFor: { ...builtFor, ...other } } as AccountCommand
      assert.equal(reasonOf(s.does(command)), 'the order has other terms by now')
    }
    assert.deepEqual(typesOf(s.does({ ...signed('1'), builtFor } as AccountCommand)), ['TransactionSigned'])
  })
  it('over a nonce that another one lives by, or that is being made', () => {
    const over = (ref: string, attempt = 1) => ({ ...signed(ref, attempt), nonce }) as AccountCommand
    const s = given(place(request()), place(request({ clOrdId: 'c-2' })), over('1'))
    assert.equal(reasonOf(s.does(over('2'))), 'the nonce is in use')
    const other = { ...signed('2'), nonce: { ...nonce, account: 'M' } } as AccountCommand
    assert.deepEqual(typesOf(s.does(other)), ['TransactionSigned'])
    const making = given(place(request()), own('nonce_setup'))
    assert.equal(reasonOf(making.does(over('1'))), 'the nonce is in use')
  })
  it('by a halt, unless it only takes a nonce away', () => {
    const control = { scope: 'global', state: 'HALTED', reason: 'r', setBy: undefined, ageMs: 0, tripMs: 0 } as const
    const s = given(place(request()), place(request({ clOrdId: 'c-2' })), { ...signed('1'), nonce } as AccountCommand)
    assert.equal(reasonOf(s.does({ ...signed('2'), control } as AccountCommand)), 'global is HALTED')
    assert.deepEqual(typesOf(s.does({ ...own('nonce_advance'), control } as AccountCommand)), ['TransactionSigned'])
  })
})

describe('the fence before the first send', () => {
  /** However it came about: such a state is not to be signed for. */
  const inState = (s: Story, change: (state: Story['state']) => Partial<Story['state']>, command: AccountCommand) =>
    reasonOf(decide({ ...s.state, ...change(s.state) }, command, 1_000))
  it('lets no payout through whose cancel was asked for', () => {
    const s = given(withdraw, confirm)
    const asked = inState(
      s,
      ({ payouts }) => ({ payouts: payouts.map((payout) => ({ ...payout, cancelAsked: true })) }),
      signed('w-w', 1, 'withdrawal'),
    )
    assert.equal(asked, 'a cancel is pending')
  })
  it('lets no order through with a request pending, or with nothing left of it', () => {
    const s = given(place(request()))
    const order = (change: Partial<OrderState>) =>
      inState(s, ({ orders }) => ({ orders: orders.map((each) => ({ ...each, ...change })) }), signed('1'))
    assert.equal(order({ cancelText: 'HALTED' }), 'a request is pending')
    assert.equal(order({ cumQty: sol(1) }), 'nothing is left to execute')
    assert.equal(order({ orderQty: null, cashOrderQty: 5n, cumQuote: 5n }), 'nothing is left to execute')
    assert.equal(order({ cumQty: sol(1) - 1n }), 'done')
  })
})

describe('an order with several attempts', () => {
  it('is signed again once a failure is final, and its attempts are counted on', () => {
    const s = given(place(limit()), trigger, signed('1'), failed('1'), trigger, finalized('1'))
    assert.deepEqual(typesOf(s.does(signed('1', 2))), ['TransactionSigned'])
    assert.equal(s.state.earlier.size, 0)
    assert.equal(s.state.attempts.get('1')?.attempt, 2)
  })
  it('is not signed beside any failure that a fork may turn into a success, the newest or one before it', () => {
    const s = given(place(limit()), trigger, signed('1'), failed('1'), trigger)
    s.wasSigned(signed('1', 2))
    s.does(expired('1', 2))
    assert.equal(reasonOf(s.does(signed('1', 3))), 'an earlier attempt is not final')
    s.does(finalized('1'))
    assert.deepEqual(typesOf(s.does(signed('1', 3))), ['TransactionSigned'])
  })
  it('goes on with what is left, and is signed no more when nothing is', () => {
    const s = given(place(limit({ orderQty: sol(2) })), trigger, signed('1'), landed('1', swap(sol(1), -usdc(90))), trigger)
    assert.deepEqual(typesOf(s.does(signed('1', 2))), ['TransactionSigned'])
    assert.equal(s.state.earlier.size, 1, 'what has landed need not be final')
    s.does(finalized('1'))
    assert.equal(s.state.earlier.size, 0)
    s.does(landed('1', swap(sol(1), -usdc(90)), 2))
    assert.equal(reasonOf(s.does(signed('1', 3))), 'the order has ended')
  })
  it('waits for the request that is pending on it', () => {
    const s = given(place(limit()), trigger, signed('1'), replace(1, 'r', { price: '101' }), expired('1'))
    assert.equal(reasonOf(s.does(signed('1', 2))), 'the order is not to be executed', 'new terms wait for a quote')
    const stays = given(place(request()), signed('1'), cancel(1, 'x'), { type: 'WithdrawRequest', number: 1, clOrdId: 'x' }, expired('1'))
    assert.deepEqual(typesOf(stays.does(signed('1', 2))), ['TransactionSigned'])
  })
})
