import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { MAX_DEPOSIT_ATTEMPTS } from '../../../../src/commands/ledger/deposit.ts'
import type { TokenDelta } from '../../../../src/events/account/transaction-events.ts'
import {
  balance,
  expired,
  failed,
  finalized,
  funded,
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
  swap,
  typesOf,
  USDC,
  usdc,
  vanished,
  WALLET,
} from '../account-story.ts'

const credit = (amount: bigint): TokenDelta[] => [{ tokenAccount: 'ata', owner: WALLET, mint: USDC.mint, amount: amount.toString() }]
/** A deposit of 5 USDC with an attempt under way. */
const depositing = (): Story => {
  const s = funded()
  s.does({ type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: usdc(5) })
  s.does(signed('d-x', 1, 'deposit'))
  return s
}
const buying = (): Story => {
  const s = funded()
  s.does(place(request()))
  s.does(signed('1'))
  return s
}
const withdrawing = (): Story => {
  const s = funded()
  s.does({ type: 'RequestWithdrawal', withdrawalId: 'w', asset: USDC, amount: usdc(100), destination: 'Elsewhere' })
  s.does({ type: 'ConfirmWithdrawal', withdrawalId: 'w' })
  s.does(signed('w-w', 1, 'withdrawal'))
  return s
}
const key = (ref: string, attempt = 1) => ({ ref, attempt, signature: `sig-${ref}-${attempt}` })
const costs = { fee: '5000', priorityFee: '0', tip: '0', rent: '0' }

describe('the outcome of an attempt', () => {
  it('is on record as it was told, a landing and a failure by their generation', () => {
    const deltas = swap(sol(1), -usdc(100))
    const at = 1_000
    const events = [landed('1', deltas), failed('1', 'custom:1'), expired('1')].map((command) => buying().does(command).events[0])
    assert.deepEqual(events, [
      { type: 'TransactionLanded', data: { ...key('1'), slot: 10, ...costs, deltas, generation: 1, at } },
      { type: 'TransactionFailed', data: { ...key('1'), slot: 10, fee: '5000', priorityFee: '0', error: 'custom:1', generation: 1, at } },
      { type: 'TransactionExpired', data: { ...key('1'), proof: [], at } },
    ])
  })
  it('is one generation on when it comes again after it vanished', () => {
    const s = buying()
    s.does(landed('1', swap(sol(1), -usdc(100))))
    s.does(vanished('1'))
    const [again] = s.does(failed('1')).events
    assert.equal(again?.type === 'TransactionFailed' && again.data.generation, 2)
  })
  it('is booked of an open attempt alone, by its signature', () => {
    for (const book of [(ref: string) => landed(ref, []), failed, expired]) {
      assert.equal(reasonOf(buying().does(book('2'))), 'no such attempt')
      assert.equal(reasonOf(buying().does({ ...book('1'), signature: 'other' } as AccountCommand)), 'another signature')
      const over = buying()
      over.does(landed('1', swap(sol(1), -usdc(100))))
      assert.equal(reasonOf(over.does(book('1'))), 'already booked: landed')
    }
  })
  it('takes limits as what its pending requests are decided by, and writes none of them down', () => {
    for (const command of [landed('1', swap(sol(1), -usdc(100))), failed('1'), expired('1')]) {
      const [event] = buying().does({ ...command, limits: [] } as AccountCommand).events
      assert.deepEqual(
        Object.keys(event!.data).filter((name) => name === 'limits' || name === 'type'),
        [],
      )
    }
  })
})

describe('a landed transaction', () => {
  it('of a deposit credits what came, and nothing more is tried when nothing came', () => {
    const s = depositing()
    const empty = s.does(landed('d-x', credit(0n)))
    assert.deepEqual(typesOf(empty), ['TransactionLanded', 'FundsDepositFailed'])
    const [, failure] = empty.events
    assert.ok(failure?.type === 'FundsDepositFailed')
    assert.deepEqual(failure.data.compensates.cause, { type: 'TransactionLanded', ref: 'd-x', attempt: 1 })
    assert.equal(failure.data.reason, 'the transaction credited nothing')
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })
  it('of a deposit that was reversed and lands again without it, fails nothing twice', () => {
    const s = depositing()
    s.does(landed('d-x', credit(5n)))
    s.does(vanished('d-x'))
    assert.equal(s.state.deposits.get('x')?.status, 'reversed')
    assert.deepEqual(typesOf(s.does(landed('d-x', []))), ['TransactionLanded'])
  })
  it('of a payout is booked only with the payout’s own balance changes', () => {
    const reason = 'the balance changes are not those of the payout: nothing is booked'
    assert.equal(reasonOf(withdrawing().does(landed('w-w', left(usdc(99))))), reason)
  })
  it('of an order is booked only with changes that do not contradict it', () => {
    const reason = 'the balance changes contradict the order: nothing is booked'
    assert.equal(reasonOf(buying().does(landed('1', swap(-sol(1), usdc(99))))), reason)
  })
  it('that moved nothing ends the order, told with its cause', () => {
    const [, end] = buying().does(landed('1', [])).events
    assert.ok(end?.type === 'OrderCanceled')
    assert.deepEqual(
      [end.data.text, end.data.compensates?.cause],
      ['EXECUTION_FAILED', { type: 'TransactionLanded', ref: '1', attempt: 1 }],
    )
  })
})

describe('an attempt that brought nothing', () => {
  it('counts on its deposit, and gives it up with the twentieth, naming what happened', () => {
    for (const [book, type, reason] of [
      [failed, 'TransactionFailed', 'custom:6001'],
      [expired, 'TransactionExpired', 'expired'],
    ] as const) {
      const s = depositing()
      for (let attempt = 1; attempt < MAX_DEPOSIT_ATTEMPTS; attempt++) {
        assert.deepEqual(typesOf(s.does(expired('d-x', attempt))), ['TransactionExpired'])
        assert.equal(s.state.deposits.get('x')?.attempts, attempt)
        s.does(signed('d-x', attempt + 1, 'deposit'))
      }
      const last = book === failed ? failed('d-x', 'custom:6001', MAX_DEPOSIT_ATTEMPTS) : expired('d-x', MAX_DEPOSIT_ATTEMPTS)
      const [, end] = s.does(last).events
      assert.ok(end?.type === 'FundsDepositFailed')
      assert.deepEqual([end.data.reason, end.data.compensates.cause], [reason, { type, ref: 'd-x', attempt: MAX_DEPOSIT_ATTEMPTS }])
    }
  })
  it('decides nothing of its deposit while another one can still land', () => {
    const s = depositing()
    for (let attempt = 1; attempt < MAX_DEPOSIT_ATTEMPTS - 1; attempt++) {
      s.does(expired('d-x', attempt))
      s.does(signed('d-x', attempt + 1, 'deposit'))
    }
    const [last, newest] = [MAX_DEPOSIT_ATTEMPTS - 1, MAX_DEPOSIT_ATTEMPTS]
    s.does(failed('d-x', 'custom:1', last))
    s.wasSigned(signed('d-x', newest, 'deposit'))
    s.does(vanished('d-x', last))
    assert.deepEqual(typesOf(s.does(expired('d-x', newest))), ['TransactionExpired'])
    assert.deepEqual(typesOf(s.does(expired('d-x', last))), ['TransactionExpired', 'FundsDepositFailed'])
    assert.equal(s.state.deposits.size, 0)
  })
  it('counts on its payout', () => {
    const s = withdrawing()
    s.does(expired('w-w'))
    assert.equal(s.state.payouts.get('w-w')?.attempts, 1)
  })
})

describe('an outcome that could not be proven', () => {
  const unknown: AccountCommand = { type: 'BookUnknown', ...key('1'), reason: 'silent' }

  it('is on record once, of an open attempt alone, until it is resolved', () => {
    const s = buying()
    assert.deepEqual(s.does(unknown).events, [{ type: 'TransactionOutcomeUnknown', data: { ...key('1'), reason: 'silent', at: 1_000 } }])
    assert.equal(s.state.attempts.get('1')?.unknown, true)
    assert.equal(reasonOf(s.does(unknown)), 'already recorded')
    s.does(expired('1'))
    assert.equal(s.state.attempts.get('1')?.unknown, false)
    assert.equal(reasonOf(s.does(unknown)), 'the attempt is not open')
  })
  it('is none of another signature', () => {
    assert.equal(reasonOf(buying().does({ ...unknown, signature: 'other' })), 'the attempt is not open')
    assert.equal(reasonOf(buying().does({ ...unknown, attempt: 2 })), 'the attempt is not open')
  })
})

describe('finality', () => {
  const bought = (): Story => {
    const s = buying()
    s.does(landed('1', swap(sol(1), -usdc(100))))
    return s
  }
  const final = (transactions: readonly { ref: string; attempt: number; signature: string; generation: number }[]): AccountCommand => ({
    ...{ type: 'BookFinalized', transactions: [...transactions], slot: 50 },
  })
  const one = { ...key('1'), generation: 1 }

  it('is told of what landed or failed, once for each, with what it settles', () => {
    const s = bought()
    s.does({ type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: usdc(5) })
    s.does(signed('d-x', 1, 'deposit'))
    s.does(failed('d-x'))
    const deposit = { ...key('d-x'), generation: 1 }
    assert.deepEqual(s.does(final([one, deposit, one, { ...key('9'), generation: 1 }])).events, [
      {
        type: 'TransactionsFinalized',
        data: { transactions: [one, deposit], settled: [{ asset: 'SOL', amount: sol(1).toString() }], slot: 50, at: 1_000 },
      },
    ])
    assert.equal(reasonOf(s.does(final([one, deposit]))), 'nothing became final')
  })
  it('is that of the landing and the signature that are on record', () => {
    const s = bought()
    for (const other of [
      { ...one, generation: 2 },
      { ...one, signature: 'other' },
      { ...one, attempt: 2 },
    ])
      assert.equal(reasonOf(s.does(final([other]))), 'nothing became final')
    assert.equal(reasonOf(buying().does(final([{ ...one, generation: 0 }]))), 'nothing became final', 'it is still open')
    assert.equal(reasonOf(s.does(final([]))), 'nothing became final')
  })
  it('lets an attempt of an open order stay, and that of an ended one go', () => {
    const s = funded()
    s.does(place(limit({ orderQty: sol(2) })))
    s.does({ type: 'TriggerOrder', number: 1, trigger: mid('99') })
    s.does(signed('1'))
    s.does(landed('1', swap(sol(1), -usdc(99))))
    s.does(finalized('1'))
    assert.deepEqual([s.state.attempts.get('1')?.final, s.state.orders.size], [true, 1])
    s.does({ type: 'CancelOrder', number: 1 })
    assert.deepEqual([s.state.attempts.size, s.state.orders.size], [0, 0])
  })
})

describe('a transaction that vanished', () => {
  it('gives back what it had cost, by its outcome', () => {
    const returnedBy = (command: AccountCommand) => {
      const s = buying()
      s.does(command)
      const [event] = s.does(vanished('1')).events
      return event?.type === 'TransactionVanished' && event.data
    }
    const told = { ...key('1'), generation: 1, slot: 10, at: 1_000 }
    assert.deepEqual(returnedBy(landed('1', swap(sol(1), -usdc(100)))), { ...told, returned: { outcome: 'landed', ...costs } })
    assert.deepEqual(returnedBy(failed('1')), { ...told, returned: { outcome: 'failed', ...costs } })
  })
  it('is one that had landed or failed, in this generation, and was not final', () => {
    assert.equal(reasonOf(buying().does(vanished('2'))), 'no such attempt')
    assert.equal(reasonOf(buying().does(vanished('1'))), 'the attempt is open')
    const s = buying()
    s.does(landed('1', swap(sol(0.5), -usdc(50))))
    assert.equal(reasonOf(s.does({ ...vanished('1'), signature: 'other' } as AccountCommand)), 'no such attempt')
    assert.equal(reasonOf(s.does(vanished('1', 1, 2))), 'another generation')
    const open = funded()
    open.does(place(limit({ orderQty: sol(2) })))
    open.does({ type: 'TriggerOrder', number: 1, trigger: mid('99') })
    open.does(signed('1'))
    open.does(landed('1', swap(sol(1), -usdc(99))))
    open.does(finalized('1'))
    assert.equal(reasonOf(open.does(vanished('1'))), 'the attempt is final')
  })
  it('takes back a credit by what had come, not by what had been asked for', () => {
    const s = depositing()
    s.does(landed('d-x', [...credit(3n), { tokenAccount: 'second', owner: WALLET, mint: USDC.mint, amount: '4' }]))
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000) + 7n, 0n])
    const [, reversed] = s.does(vanished('d-x')).events
    assert.equal(reversed?.type === 'FundsDepositReversed' && reversed.data.amount, '7')
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })
  it('and had failed to send a payout, reverses nothing', () => {
    const s = withdrawing()
    s.does(failed('w-w'))
    assert.deepEqual(typesOf(s.does(vanished('w-w'))), ['TransactionVanished'])
  })
})
