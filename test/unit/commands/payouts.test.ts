import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { MAX_PAYOUT_ATTEMPTS } from '../../../src/commands/ledger/payout.ts'
import {
  balance,
  codeOf,
  expired,
  failed,
  finalized,
  funded,
  landed,
  left,
  place,
  request,
  type Story,
  signed,
  sol,
  swap,
  typesOf,
  USDC,
  usdc,
  vanished,
} from './account-story.ts'

const ask = (withdrawalId: string, amount: bigint, destination = 'Elsewhere'): AccountCommand => ({
  type: 'RequestWithdrawal',
  withdrawalId,
  asset: USDC,
  amount,
  destination,
})
const confirm = (withdrawalId: string): AccountCommand => ({ type: 'ConfirmWithdrawal', withdrawalId })
const cancel = (withdrawalId: string): AccountCommand => ({ type: 'CancelWithdrawal', withdrawalId })
const transfer = (transferId: string, amount: bigint, to = 'other'): AccountCommand => ({
  type: 'RequestTransfer',
  transferId,
  asset: USDC,
  amount,
  to,
})
const receive = (transferId: string, amount: bigint): AccountCommand => ({
  type: 'ReceiveTransfer',
  transferId,
  from: 'sender',
  asset: 'USDC',
  amount,
  signature: 's',
})
/** A withdrawal of 100 USDC with an attempt under way. */
const underWay = (): Story => {
  const s = funded()
  for (const command of [ask('w', usdc(100)), confirm('w'), signed('w-w', 1, 'withdrawal')]) s.does(command)
  return s
}
const statusOf = (s: Story, ref: string) => s.state.payouts.get(ref)?.status

describe('a withdrawal', () => {
  it('reserves what it takes, and is signed only after its second step', () => {
    const s = funded()
    assert.equal(codeOf(s.does(ask('w', usdc(100)))), 'document')
    assert.deepEqual(balance(s, 'USDC'), [usdc(900), usdc(100)])
    assert.deepEqual(typesOf(s.does(signed('w-w', 1, 'withdrawal'))), [])
    assert.deepEqual(typesOf(s.does(confirm('w'))), ['FundsWithdrawalConfirmed'])
    assert.deepEqual(typesOf(s.does(confirm('w'))), [])
    assert.deepEqual(typesOf(s.does(signed('w-w', 1, 'transfer'))), [])
    assert.deepEqual(typesOf(s.does(signed('w-w', 1, 'withdrawal'))), ['TransactionSigned'])
  })

  it('takes funds that are final, and no others', () => {
    const s = funded()
    s.does(place(request({ side: 'sell', orderQty: sol(1) })))
    s.does(signed('1'))
    s.does(landed('1', swap(-sol(1), usdc(100))))
    assert.equal(codeOf(s.does(ask('w', usdc(1_001)))), 'insufficient_funds')
    s.does(finalized('1'))
    assert.equal(codeOf(s.does(ask('w', usdc(1_001)))), 'document')
  })

  it('answers the same request again, and refuses its id for other terms, also after its end', () => {
    const s = underWay()
    assert.equal(codeOf(s.does(ask('w', usdc(100)))), 'repeated')
    assert.equal(codeOf(s.does(ask('w', usdc(100), 'Other'))), 'duplicate_withdrawal_id')
    s.does(landed('w-w', left(usdc(100))))
    s.does(finalized('w-w'))
    assert.equal(s.state.payouts.size, 0)
    assert.equal(codeOf(s.does(ask('w', usdc(100)))), 'repeated')
    assert.equal(codeOf(s.does(ask('w', usdc(99)))), 'duplicate_withdrawal_id')
    assert.deepEqual(
      [codeOf(s.does(confirm('w'))), codeOf(s.does(cancel('w'))), codeOf(s.does(cancel('x')))],
      ['already_ended', 'already_ended', 'not_found'],
    )
  })

  it('is booked when exactly its amount has left the wallet', () => {
    const s = underWay()
    assert.deepEqual(typesOf(s.does(landed('w-w', left(usdc(99))))), [])
    assert.deepEqual(typesOf(s.does(landed('w-w', left(usdc(100))))), ['TransactionLanded', 'FundsWithdrawalSent'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(900), 0n])
  })

  it('is cancelled at once, or when its attempt has ended without sending', () => {
    const s = funded()
    s.does(ask('a', usdc(10)))
    s.does(confirm('a'))
    assert.deepEqual(typesOf(s.does(cancel('a'))), ['FundsWithdrawalCanceled'])
    const pending = underWay()
    assert.deepEqual(typesOf(pending.does(cancel('w'))), ['FundsWithdrawalCancelRequested'])
    assert.deepEqual(typesOf(pending.does(expired('w-w'))), ['TransactionExpired', 'FundsWithdrawalCanceled'])
    assert.deepEqual(balance(pending, 'USDC'), [usdc(1_000), 0n])
    const tooLate = underWay()
    tooLate.does(cancel('w'))
    assert.deepEqual(typesOf(tooLate.does(landed('w-w', left(usdc(100))))), ['TransactionLanded', 'FundsWithdrawalSent'])
    assert.equal(codeOf(tooLate.does(cancel('w'))), 'document')
  })

  it('is signed again only when the failure before is final: a second payment could not be taken back', () => {
    const s = underWay()
    s.does(failed('w-w', 'custom:1'))
    assert.deepEqual(typesOf(s.does(signed('w-w', 2, 'withdrawal'))), [])
    s.does(finalized('w-w'))
    assert.deepEqual(typesOf(s.does(signed('w-w', 2, 'withdrawal'))), ['TransactionSigned'])
  })

  it('is given up after 20 attempts, its funds free again and the reason told', () => {
    const s = funded()
    s.does(ask('w', usdc(100)))
    s.does(confirm('w'))
    for (let attempt = 1; attempt < MAX_PAYOUT_ATTEMPTS; attempt++) {
      s.does(signed('w-w', attempt, 'withdrawal'))
      assert.deepEqual(typesOf(s.does(expired('w-w', attempt))), ['TransactionExpired'])
    }
    s.does(signed('w-w', MAX_PAYOUT_ATTEMPTS, 'withdrawal'))
    const decision = s.does(expired('w-w', MAX_PAYOUT_ATTEMPTS))
    const end = decision.events[1]
    assert.ok(end?.type === 'FundsWithdrawalFailed')
    assert.deepEqual(end.data.compensates, {
      cause: { type: 'TransactionExpired', ref: 'w-w', attempt: MAX_PAYOUT_ATTEMPTS },
      command: 'w-w',
      reverses: 'withdrawal',
      effect: { asset: 'USDC', amount: usdc(100).toString() },
    })
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })

  it('that vanished is back in its reservation, and sent once more by the same bytes alone', () => {
    const s = underWay()
    s.does(landed('w-w', left(usdc(100))))
    assert.deepEqual(typesOf(s.does(vanished('w-w'))), ['TransactionVanished', 'FundsWithdrawalReversed'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(900), usdc(100)])
    assert.deepEqual(typesOf(s.does(signed('w-w', 2, 'withdrawal'))), [])
    s.does(landed('w-w', left(usdc(100))))
    assert.deepEqual([statusOf(s, 'w-w'), ...balance(s, 'USDC')], ['sent', usdc(900), 0n])
  })
})

describe('a transfer', () => {
  it('leaves the sender when it lands, and is completed only when final', () => {
    const s = funded()
    s.does(transfer('t', usdc(40)))
    s.does(signed('t-t', 1, 'transfer'))
    assert.deepEqual(typesOf(s.does(landed('t-t', left(usdc(40))))), ['TransactionLanded', 'FundsTransferSent'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(960), 0n])
    assert.deepEqual(typesOf(s.does({ type: 'CompleteTransfer', transferId: 't' })), [])
    s.does(finalized('t-t'))
    assert.equal(statusOf(s, 't-t'), 'sent')
    assert.deepEqual(typesOf(s.does({ type: 'CompleteTransfer', transferId: 't' })), ['FundsTransferCompleted'])
    assert.equal(s.state.payouts.size, 0)
    assert.equal(codeOf(s.does(transfer('t', usdc(40)))), 'repeated')
    assert.equal(codeOf(s.does(transfer('t', usdc(41)))), 'duplicate_transfer_id')
  })

  it('is recalled when it vanishes, and returned when it can never be sent', () => {
    const s = funded()
    s.does(transfer('t', usdc(40)))
    s.does(signed('t-t', 1, 'transfer'))
    s.does(landed('t-t', left(usdc(40))))
    assert.deepEqual(typesOf(s.does(vanished('t-t'))), ['TransactionVanished', 'FundsTransferRecalled'])
    s.does(expired('t-t'))
    assert.deepEqual(typesOf(s.does({ type: 'FailPayout', ref: 't-t', reason: 'custom:1' })), ['FundsTransferReturned'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })

  it('is received once, however often it is delivered', () => {
    const s = funded()
    assert.deepEqual(typesOf(s.does(receive('t', usdc(5)))), ['FundsTransferReceived'])
    assert.deepEqual(typesOf(s.does(receive('t', usdc(5)))), [])
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_005), 0n])
  })
})
