import assert from 'node:assert/strict'
import { correctionCommandId, correctionDocument, correctionTermsHash } from '../../../../src/commands/ledger/correction.ts'
import { depositCommandId, depositIdOf, depositRef, depositTermsHash } from '../../../../src/commands/ledger/deposit.ts'
import { payoutTermsHash, receiveCommandId, transferRef, withdrawalRef } from '../../../../src/commands/ledger/payout.ts'

describe('the terms of a movement of funds', () => {
  it('are told apart, each of them', () => {
    const deposits = [depositTermsHash('USDC', 5n), depositTermsHash('SOL', 5n), depositTermsHash('USDC', 6n)]
    const payouts = [payoutTermsHash('USDC', 5n, 'a'), payoutTermsHash('SOL', 5n, 'a'), payoutTermsHash('USDC', 6n, 'a')]
    const corrections = [correctionTermsHash('USDC', 5n, 'b'), correctionTermsHash('SOL', 5n, 'b'), correctionTermsHash('USDC', -5n, 'b')]
    const hashes = [...deposits, ...payouts, payoutTermsHash('USDC', 5n, 'c'), ...corrections, correctionTermsHash('USDC', 5n, 'd')]
    assert.equal(new Set(hashes).size, hashes.length)
    for (const hash of hashes) assert.match(hash, /^[0-9a-f]{32}$/)
  })
  it('have the hashes that are on record', () => {
    assert.equal(depositTermsHash('USDC', 5n), '7c7b0479bbdc18bac4f575e932e1dbed')
    assert.equal(payoutTermsHash('USDC', 5n, 'acct'), '5e3c52bb3c74d36b6b5f2b7f35e4a4eb')
    assert.equal(correctionTermsHash('USDC', -5n, 'why'), '50018481a440389e1e08fd6b74c8f5ca')
  })
  it('stand under ids that tell their kinds apart', () => {
    const ids = [
      depositCommandId('x'),
      depositRef('x'),
      withdrawalRef('x'),
      transferRef('x'),
      receiveCommandId('a', 'x'),
      correctionCommandId('x'),
    ]
    assert.deepEqual(ids, ['d-x', 'd-x', 'w-x', 't-x', 'r-a.x', 'k-x'])
    assert.deepEqual(['d-x', 'w-x', '12', 'x-d-'].map(depositIdOf), ['x', undefined, undefined, undefined])
  })
})

describe('the document of a correction', () => {
  const open = {
    ...{ correctionId: 'k', asset: 'USDC', decimals: 6, amount: -40_500_000n, reason: 'moved out by hand', by: 'k1' },
    ...{ expiresAt: 3_600_000, requestedRevision: 7n },
  }
  const told = {
    ...{ correctionId: 'acct.k', accountId: 'acct', asset: 'USDC', amount: '-40.5', reason: 'moved out by hand' },
    ...{ requestedBy: 'k1', expiresAt: '1970-01-01T01:00:00.000Z' },
  }
  it('tells what was asked for, by whom and until when it may be approved', () => {
    assert.deepEqual(correctionDocument('acct', open, { status: 'requested' }), { ...told, status: 'requested' })
  })
  it('tells who decided, and why', () => {
    const decided = { status: 'rejected', decidedBy: 'k2', decision: 'a mistake' } as const
    assert.deepEqual(correctionDocument('acct', open, decided), { ...told, ...decided })
  })
})
