import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { MAX_OPEN_DEPOSITS, MAX_OPEN_PAYOUTS } from '../../../src/commands/ledger/open-funds.ts'
import { codeOf, finalized, funded, landed, left, SOL, type Story, signed, sol, typesOf, USDC, usdc, WALLET } from './account-story.ts'

const deposit = (n: number | string, amount = usdc(1)): AccountCommand => ({
  type: 'RequestDeposit',
  depositId: `in-${n}`,
  asset: USDC,
  amount,
})
const withdrawal = (n: number | string, amount = usdc(1)): AccountCommand => ({
  ...{ type: 'RequestWithdrawal', withdrawalId: `out-${n}` },
  ...{ asset: USDC, amount, destination: 'Elsewhere' },
})
const transfer = (n: number | string, amount = usdc(1)): AccountCommand => ({
  ...{ type: 'RequestTransfer', transferId: `out-${n}` },
  ...{ asset: USDC, amount, to: 'other' },
})
const gift = (n: number): AccountCommand => ({
  ...{ type: 'BookUnrequestedCredit', signature: `gift-${n}`, tokenAccount: WALLET, slot: 10 + n, asset: SOL, amount: sol(0.001) },
})
const receive: AccountCommand = {
  ...{ type: 'ReceiveTransfer', transferId: 't', from: 'sender', asset: 'USDC', amount: usdc(1), signature: 's' },
}
/** An account with no room left for deposits, and none for payouts. */
const full = (): Story => {
  const s = funded()
  for (let n = s.state.deposits.size; n < MAX_OPEN_DEPOSITS; n++) assert.deepEqual(typesOf(s.does(deposit(n))), ['FundsDepositRequested'])
  for (let n = 0; n < MAX_OPEN_PAYOUTS; n++)
    assert.deepEqual(typesOf(s.does(n % 2 ? withdrawal(n) : transfer(n))), [n % 2 ? 'FundsWithdrawalRequested' : 'FundsTransferRequested'])
  return s
}

describe('funds of an account that are under way', () => {
  it('are bounded, in and out: one more is refused and changes nothing', () => {
    const s = full()
    for (const command of [deposit('more'), withdrawal('more'), transfer('more')]) {
      const decision = s.does(command)
      assert.equal(codeOf(decision), 'rate_limited')
      assert.deepEqual(decision.events, [])
    }
    assert.deepEqual([s.state.deposits.size, s.state.payouts.size], [MAX_OPEN_DEPOSITS, MAX_OPEN_PAYOUTS])
  })

  it('answer the same request as before, and refuse its id for other terms', () => {
    const s = full()
    const last = MAX_OPEN_DEPOSITS - 1
    assert.deepEqual(
      [deposit(last), withdrawal(1), transfer(0)].map((again) => codeOf(s.does(again))),
      ['repeated', 'repeated', 'repeated'],
    )
    assert.deepEqual(
      [deposit(last, usdc(2)), withdrawal(1, usdc(2)), transfer(0, usdc(2))].map((other) => codeOf(s.does(other))),
      ['duplicate_deposit_id', 'duplicate_withdrawal_id', 'duplicate_transfer_id'],
    )
  })

  it('never keep out what another account sent or what came unasked, nor does that take their room', () => {
    const s = full()
    assert.deepEqual(typesOf(s.does(receive)), ['FundsTransferReceived'])
    assert.deepEqual(typesOf(s.does(gift(0))), ['FundsArrived'])
    const gifted = funded()
    for (let n = 0; n <= MAX_OPEN_DEPOSITS; n++) assert.deepEqual(typesOf(gifted.does(gift(n))), ['FundsArrived'])
    assert.deepEqual(typesOf(gifted.does(deposit('own'))), ['FundsDepositRequested'])
  })

  it('make room as they end', () => {
    const s = full()
    const last = MAX_OPEN_DEPOSITS - 1
    s.does({ type: 'FailDeposit', depositId: `in-${last}`, reason: 'NO_FAUCET' })
    assert.equal(codeOf(s.does(deposit('more'))), 'deposit')
    assert.equal(codeOf(s.does(deposit('yet more'))), 'rate_limited')
    s.does({ type: 'CancelWithdrawal', withdrawalId: 'out-1' })
    assert.equal(codeOf(s.does(transfer('more'))), 'document')
    s.does({ type: 'ConfirmWithdrawal', withdrawalId: 'out-3' })
    s.does(signed('w-out-3', 1, 'withdrawal'))
    s.does(landed('w-out-3', left(usdc(1))))
    assert.equal(codeOf(s.does(withdrawal('more'))), 'rate_limited', 'sent, but a fork may bring it back')
    s.does(finalized('w-out-3'))
    assert.equal(codeOf(s.does(withdrawal('more'))), 'document')
  })
})
