import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { payoutAsksForIds } from '../../../../src/commands/account/decide-payout.ts'
import {
  balance,
  expired,
  failed,
  finalized,
  funded,
  given,
  landed,
  left,
  reasonOf,
  refusalOf,
  SOL,
  type Story,
  signed,
  typesOf,
  USDC,
  usdc,
  vanished,
  WALLET,
} from '../account-story.ts'

const withdraw = (amount = usdc(100), destination = 'Elsewhere', asset = USDC): AccountCommand => ({
  ...{ type: 'RequestWithdrawal', withdrawalId: 'w', asset, amount, destination },
})
const transfer = (amount = usdc(40), to = 'other', asset = USDC): AccountCommand => ({
  ...{ type: 'RequestTransfer', transferId: 't', asset, amount, to },
})
const confirm: AccountCommand = { type: 'ConfirmWithdrawal', withdrawalId: 'w' }
const cancel: AccountCommand = { type: 'CancelWithdrawal', withdrawalId: 'w' }
const fail = (ref: string): AccountCommand => ({ type: 'FailPayout', ref, reason: 'custom:1' })
const complete: AccountCommand = { type: 'CompleteTransfer', transferId: 't' }
const sign = signed('w-w', 1, 'withdrawal')
const document = { withdrawalId: 'w', accountId: 'acct', destination: 'Elsewhere', asset: 'USDC', amount: '100' }
const moved = { document: { transferId: 't', from: 'acct', to: 'other', asset: 'USDC', amount: '40', status: 'ready' } }
const ended = { code: 'already_ended', detail: 'the withdrawal has ended' }

describe('a request for a payout', () => {
  const asked = { asset: 'USDC', mint: 'MintUSDC', decimals: 6, at: 1_000 }
  it('is on record with its asset’s terms, and answered by its document', () => {
    assert.deepEqual(funded().does(withdraw()), {
      events: [
        { type: 'FundsWithdrawalRequested', data: { withdrawalId: 'w', ...asked, amount: usdc(100).toString(), destination: 'Elsewhere' } },
      ],
      answer: { kind: 'document', document: { ...document, status: 'requested' }, first: true },
    })
    assert.deepEqual(funded().does(transfer()), {
      events: [{ type: 'FundsTransferRequested', data: { transferId: 't', ...asked, amount: usdc(40).toString(), to: 'other' } }],
      answer: { kind: 'document', ...moved, first: true },
    })
  })
  it('is for all that is withdrawable, and not for a unit more', () => {
    assert.deepEqual(typesOf(funded().does(withdraw(usdc(1_000)))), ['FundsWithdrawalRequested'])
    assert.deepEqual(refusalOf(funded().does(withdraw(usdc(1_000) + 1n))), {
      ...{ code: 'insufficient_funds', detail: '1000 USDC are available and final' },
      extra: { why: { rule: 'withdrawable', limit: '1000', value: '1000.000001' } },
    })
  })
  it('goes to somebody else; a transfer’s receiver is an account, whatever its name', () => {
    assert.deepEqual(refusalOf(funded().does(withdraw(1n, WALLET))), {
      ...{ code: 'invalid_request', detail: 'the destination is the account itself' },
      errors: [{ field: 'destination', reason: 'is the account itself' }],
    })
    assert.deepEqual(typesOf(funded().does(transfer(1n, WALLET))), ['FundsTransferRequested'])
  })
  it('is answered again with the same terms, and refused with any other one, before and after its end', () => {
    const taken = (code: string, id: string) => ({ code, detail: `${id} was used with other terms` })
    for (const s of [given(withdraw()), given(withdraw(), cancel)]) {
      assert.deepEqual(s.does(withdraw()).answer, { kind: 'repeated', revision: funded().state.revision + 1n })
      for (const other of [withdraw(usdc(101)), withdraw(usdc(100), 'Other'), withdraw(usdc(100), 'Elsewhere', SOL)])
        assert.deepEqual(refusalOf(s.does(other)), taken('duplicate_withdrawal_id', 'w'))
    }
    for (const s of [given(transfer()), given(transfer(), fail('t-t'))]) {
      assert.equal(s.does(transfer()).answer.kind, 'repeated')
      for (const other of [transfer(usdc(41)), transfer(usdc(40), 'else'), transfer(usdc(40), 'other', SOL)])
        assert.deepEqual(refusalOf(s.does(other)), taken('duplicate_transfer_id', 't'))
    }
  })
})

describe('the second step of a withdrawal', () => {
  it('makes it ready, once', () => {
    const s = given(withdraw())
    assert.deepEqual(s.does(confirm), {
      events: [{ type: 'FundsWithdrawalConfirmed', data: { withdrawalId: 'w', at: 1_000 } }],
      answer: { kind: 'document', document: { ...document, status: 'ready' }, first: true },
    })
    assert.deepEqual(s.does(confirm), {
      events: [],
      answer: { kind: 'document', document: { ...document, status: 'ready' }, first: false },
    })
  })
  it('comes too late for what has ended, or is about to', () => {
    const about = { code: 'already_ended', detail: 'the withdrawal has ended or is about to' }
    assert.deepEqual(refusalOf(given(withdraw(), confirm, sign, cancel).does(confirm)), about)
    assert.deepEqual(refusalOf(given(withdraw(), confirm, sign, failed('w-w'), fail('w-w')).does(confirm)), about)
    assert.deepEqual(refusalOf(given(withdraw(), cancel).does(confirm)), ended)
    assert.deepEqual(refusalOf(funded().does(confirm)), { code: 'not_found', detail: 'no such withdrawal' })
  })
})

describe('the cancel of a withdrawal', () => {
  it('ends it where nothing is under way', () => {
    for (const s of [given(withdraw()), given(withdraw(), confirm)]) {
      assert.deepEqual(s.does(cancel), {
        events: [
          { type: 'FundsWithdrawalCanceled', data: { withdrawalId: 'w', released: { asset: 'USDC', amount: '100000000' }, at: 1_000 } },
        ],
        answer: { kind: 'document', document: { ...document, status: 'canceled' }, first: true },
      })
      assert.deepEqual([s.state.payouts.size, balance(s, 'USDC')], [0, [usdc(1_000), 0n]])
    }
  })
  it('waits for an attempt that is under way, and is asked for once', () => {
    const s = given(withdraw(), confirm, sign)
    const answer = { kind: 'document', document: { ...document, status: 'canceling' } }
    assert.deepEqual(s.does(cancel), {
      events: [{ type: 'FundsWithdrawalCancelRequested', data: { withdrawalId: 'w', at: 1_000 } }],
      answer: { ...answer, first: true },
    })
    assert.deepEqual(s.does(cancel), { events: [], answer: { ...answer, first: false } })
  })
  it('of one whose attempt is not final yet is answered again while it stays in the fold', () => {
    const s = given(withdraw(), confirm, sign, failed('w-w'), cancel)
    assert.equal(s.state.payouts.get('w-w')?.status, 'canceled')
    assert.deepEqual(s.does(cancel), {
      events: [],
      answer: { kind: 'document', document: { ...document, status: 'canceled' }, first: false },
    })
  })
  it('comes too late for what was sent, has failed, or left the fold', () => {
    const sent = given(withdraw(), confirm, sign, landed('w-w', left(usdc(100))))
    assert.deepEqual(refusalOf(sent.does(cancel)), { code: 'already_ended', detail: 'the withdrawal is sent' })
    const lost = given(withdraw(), confirm, sign, failed('w-w'), fail('w-w'))
    assert.deepEqual(refusalOf(lost.does(cancel)), { code: 'already_ended', detail: 'the withdrawal is failed' })
    sent.does(finalized('w-w'))
    assert.deepEqual(refusalOf(sent.does(cancel)), ended)
  })
})

describe('a payout that cannot be sent', () => {
  const causeOf = (s: Story) => {
    const [event] = s.does(fail('w-w')).events
    return event?.type === 'FundsWithdrawalFailed' && event.data.compensates.cause
  }
  it('is given up with the reason, and the attempt before if there was one', () => {
    assert.deepEqual(causeOf(given(withdraw(), confirm)), { type: 'FailPayout', ref: 'w-w', attempt: null })
    assert.deepEqual(causeOf(given(withdraw(), confirm, sign, expired('w-w'))), { type: 'FailPayout', ref: 'w-w', attempt: 1 })
  })
  it('is one that may be signed, with no attempt under way', () => {
    for (const s of [funded(), given(withdraw()), given(withdraw(), cancel)])
      assert.equal(reasonOf(s.does(fail('w-w'))), 'the payout is not waiting')
    assert.equal(reasonOf(given(withdraw(), confirm, sign).does(fail('w-w'))), 'an attempt is open')
  })
})

describe('a transfer on its way', () => {
  const signT = signed('t-t', 1, 'transfer')
  const land = landed('t-t', left(usdc(40)))
  it('is completed once, when what sent it is final', () => {
    const why = 'the transfer is not final and under way'
    for (const s of [funded(), given(transfer()), given(transfer(), signT), given(transfer(), signT, land)])
      assert.equal(reasonOf(s.does(complete)), why)
    const s = given(transfer(), signT, land, finalized('t-t'))
    assert.deepEqual(s.does(complete).events, [{ type: 'FundsTransferCompleted', data: { transferId: 't', to: 'other', at: 1_000 } }])
    assert.equal(reasonOf(s.does(complete)), why)
  })
  it('is ready again when what had sent it vanished, by this very transaction', () => {
    const s = given(transfer(), signT, land, vanished('t-t'))
    assert.deepEqual([s.state.payouts.get('t-t')?.status, s.state.payouts.get('t-t')?.sent], ['ready', null])
    assert.deepEqual(balance(s, 'USDC'), [usdc(960), usdc(40)])
  })
  it('that failed stays in the fold until its attempt is final', () => {
    const s = given(transfer(), signT, failed('t-t'), fail('t-t'))
    assert.equal(s.state.payouts.get('t-t')?.status, 'failed')
    s.does(finalized('t-t'))
    assert.deepEqual([s.state.payouts.size, s.state.attempts.has('t-t')], [0, false])
  })
  it('is received once from each sender, as it was sent', () => {
    const receive = (from: string): AccountCommand => ({
      ...{ type: 'ReceiveTransfer', transferId: 't', from, asset: 'USDC', amount: 5n, signature: 'sig' },
    })
    const s = funded()
    assert.deepEqual(s.does(receive('a')).events, [
      { type: 'FundsTransferReceived', data: { transferId: 't', from: 'a', asset: 'USDC', amount: '5', signature: 'sig', at: 1_000 } },
    ])
    assert.equal(reasonOf(s.does(receive('a'))), 'already received')
    assert.deepEqual(typesOf(s.does(receive('b'))), ['FundsTransferReceived'])
  })
})

describe('decisions that ask for ids which have left the fold', () => {
  it('are those by an id of the client or of another account', () => {
    const asking = [withdraw(), confirm, cancel, transfer()].map(({ type }) => payoutAsksForIds(type))
    assert.deepEqual(asking, [true, true, true, true])
    const types = ['ReceiveTransfer', 'RequestCorrection', 'ApproveCorrection', 'RejectCorrection', 'FailPayout', 'ExpireCorrection', '']
    assert.deepEqual(types.map(payoutAsksForIds), [true, true, true, true, false, false, false])
  })
})
