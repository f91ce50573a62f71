import assert from 'node:assert/strict'
import {
  afterPayoutAttempt,
  cancelPayout,
  failPayout,
  hasEnded,
  isPayoutRef,
  MAX_PAYOUT_ATTEMPTS,
  newPayout,
  type PayoutState,
  payoutDocument,
  reversePayout,
  sendPayout,
} from '../../../../src/commands/ledger/payout.ts'
import type { TokenDelta } from '../../../../src/events/account/transaction-events.ts'
import { left, SOL, USDC, usdc, WALLET } from '../account-story.ts'

const asked = { asset: 'USDC', mint: USDC.mint, decimals: 6, amount: usdc(40).toString(), at: 9 }
const withdrawal = newPayout({ type: 'FundsWithdrawalRequested', data: { withdrawalId: 'w', ...asked, destination: 'Elsewhere' } }, 7n)
const transfer = newPayout({ type: 'FundsTransferRequested', data: { transferId: 't', ...asked, to: 'other' } }, 8n)
const ready: PayoutState = { ...withdrawal, status: 'ready' }
const sentBy = { signature: 'sig', attempt: 1, final: false }
const effect = { asset: 'USDC', amount: '40000000' }

describe('a payout that was asked for', () => {
  it('waits for its second step as a withdrawal, and is ready as a transfer', () => {
    const fresh = { ...{ asset: 'USDC', mint: USDC.mint, decimals: 6, amount: usdc(40) }, cancelAsked: false, attempts: 0, sent: null }
    const own = { kind: 'withdrawal', id: 'w', ref: 'w-w', to: 'Elsewhere', status: 'requested', requestedRevision: 7n } as const
    assert.deepEqual(withdrawal, { ...fresh, ...own })
    assert.deepEqual(transfer, { ...fresh, kind: 'transfer', id: 't', ref: 't-t', to: 'other', status: 'ready', requestedRevision: 8n })
  })
  it('is known by its ref, at whose beginning its kind stands', () => {
    assert.deepEqual(['w-a', 't-a', 'd-a', '12', 'x-w-', 'x-t-', ''].map(isPayoutRef), [true, true, false, false, false, false, false])
  })
  it('has ended when it was cancelled, has failed or is completed, and not before', () => {
    const over = (['requested', 'ready', 'sent', 'completed', 'canceled', 'failed'] as const).map((status) =>
      hasEnded({ ...ready, status }),
    )
    assert.deepEqual(over, [false, false, false, true, true, true])
  })
})

describe('the document of a payout', () => {
  it('names a withdrawal’s destination, and a transfer’s two accounts', () => {
    const told = { asset: 'USDC', amount: '40' }
    assert.deepEqual(payoutDocument(withdrawal, 'acct'), {
      ...{ withdrawalId: 'w', accountId: 'acct', destination: 'Elsewhere', ...told, status: 'requested' },
    })
    assert.deepEqual(payoutDocument(transfer, 'acct'), { transferId: 't', from: 'acct', to: 'other', ...told, status: 'ready' })
  })
  it('names the signature once there is one', () => {
    assert.equal(payoutDocument({ ...ready, sent: sentBy }, 'acct').signature, 'sig')
    assert.equal('signature' in payoutDocument(ready, 'acct'), false)
  })
  it('is canceling from the request to cancel to its end', () => {
    const status = (change: Partial<PayoutState>) => payoutDocument({ ...ready, cancelAsked: true, ...change }, 'acct').status
    assert.deepEqual([status({}), status({ status: 'sent' }), status({ status: 'completed' })], ['canceling', 'canceling', 'completed'])
    assert.equal(payoutDocument(ready, 'acct').status, 'ready')
  })
})

describe('a payout whose transaction landed', () => {
  const at = { signature: 'sig', attempt: 3, at: 9 }
  const send = (payout: PayoutState, deltas: TokenDelta[]) => sendPayout(payout, deltas, WALLET, at)
  const moved = { asset: 'USDC', amount: '40000000', signature: 'sig', attempt: 3 }

  it('is sent when its amount left the wallet, to the unit', () => {
    assert.deepEqual(send(ready, left(usdc(40))), { type: 'FundsWithdrawalSent', data: { withdrawalId: 'w', ...moved, at: 9 } })
    assert.deepEqual(send(transfer, left(usdc(40))), { type: 'FundsTransferSent', data: { transferId: 't', ...moved, to: 'other', at: 9 } })
    for (const amount of [usdc(40) - 1n, usdc(40) + 1n, -usdc(40), 0n]) assert.equal(send(ready, left(amount)), 'contradiction')
  })
  it('is measured by all of the wallet’s accounts of the mint, and no other’s', () => {
    const part = (tokenAccount: string, amount: bigint, owner = WALLET, mint = USDC.mint): TokenDelta => ({
      ...{ tokenAccount, owner, mint, amount: amount.toString() },
    })
    const [a, b] = [part('a', -usdc(30)), part('b', -usdc(10))]
    assert.notEqual(send(ready, [a, b, part('c', -5n, 'Somebody'), part('d', -5n, WALLET, SOL.mint)]), 'contradiction')
    assert.equal(send(ready, [a]), 'contradiction')
    assert.equal(send(ready, [part('a', -usdc(40), 'Somebody')]), 'contradiction')
    assert.equal(send(ready, [part('a', -usdc(40), WALLET, SOL.mint)]), 'contradiction')
  })
  it('is sent once, and not before its second step', () => {
    for (const status of ['requested', 'sent', 'completed', 'canceled', 'failed'] as const)
      assert.equal(send({ ...ready, status }, left(usdc(40))), 'contradiction', status)
  })
})

describe('a payout whose attempt ended without sending', () => {
  const cause = { type: 'TransactionExpired', ref: 'w-w', attempt: 20 }
  const ends = (payout: PayoutState) => afterPayoutAttempt(payout, 'custom:1', cause, 9)
  const last = { attempts: MAX_PAYOUT_ATTEMPTS - 1 }

  it('is tried again up to the twentieth attempt, then given up', () => {
    assert.deepEqual(ends({ ...ready, attempts: MAX_PAYOUT_ATTEMPTS - 2 }), [])
    assert.deepEqual(ends({ ...ready, ...last }), [failPayout(ready, 'custom:1', cause, 9)])
  })
  it('is cancelled where that was asked for, also at the last attempt', () => {
    assert.deepEqual(ends({ ...ready, cancelAsked: true }), [cancelPayout(ready, 9)])
    assert.deepEqual(ends({ ...ready, ...last, cancelAsked: true }), [cancelPayout(ready, 9)])
  })
  it('stays as it is when another transaction has sent it', () => {
    assert.deepEqual(ends({ ...ready, ...last, status: 'sent', cancelAsked: true }), [])
  })
})

describe('the ends of a payout', () => {
  const released = effect

  it('give back what a cancelled withdrawal held', () => {
    assert.deepEqual(cancelPayout(ready, 9), { type: 'FundsWithdrawalCanceled', data: { withdrawalId: 'w', released, at: 9 } })
  })
  it('tell what a failure reverses', () => {
    const cause = { type: 'FailPayout', ref: 'w-w', attempt: null }
    assert.deepEqual(failPayout(ready, 'custom:1', cause, 9), {
      type: 'FundsWithdrawalFailed',
      data: {
        ...{ withdrawalId: 'w', reason: 'custom:1', released, at: 9 },
        compensates: { cause, command: 'w-w', reverses: 'withdrawal', effect },
      },
    })
    assert.deepEqual(failPayout(transfer, 'custom:1', cause, 9), {
      type: 'FundsTransferReturned',
      data: {
        ...{ transferId: 't', to: 'other', reason: 'custom:1', released, at: 9 },
        compensates: { cause, command: 't-t', reverses: 'transfer', effect },
      },
    })
  })
  it('tell what a vanished transaction takes back', () => {
    const moved = { ...effect, signature: 'sig', attempt: 2 }
    assert.deepEqual(reversePayout(ready, 2, 'sig', 9), {
      type: 'FundsWithdrawalReversed',
      data: {
        ...{ withdrawalId: 'w', ...moved, at: 9 },
        compensates: { cause: { type: 'TransactionVanished', ref: 'w-w', attempt: 2 }, command: 'w-w', reverses: 'withdrawal', effect },
      },
    })
    assert.deepEqual(reversePayout(transfer, 2, 'sig', 9), {
      type: 'FundsTransferRecalled',
      data: {
        ...{ transferId: 't', ...moved, to: 'other', at: 9 },
        compensates: { cause: { type: 'TransactionVanished', ref: 't-t', attempt: 2 }, command: 't-t', reverses: 'transfer', effect },
      },
    })
  })
})
