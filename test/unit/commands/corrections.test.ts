import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { decodeState, encodeState } from '../../../src/commands/handler/snapshot-codec.ts'
import { CORRECTION_VALID_MS } from '../../../src/commands/ledger/correction.ts'
import { walletHolding } from '../../../src/commands/ledger/wallet-holding.ts'
import { postingsOf } from '../../../src/events/postings.ts'
import { agenda } from '../../../src/settlement/agenda.ts'
import {
  balance,
  codeOf,
  finalized,
  funded,
  landed,
  left,
  limit,
  place,
  request,
  signed,
  sol,
  swap,
  typesOf,
  USDC,
  usdc,
} from './account-story.ts'

const compare = (chain: bigint, slot = 100, asset = 'USDC'): AccountCommand => ({ type: 'CompareWithChain', asset, chain, slot })
const ask = (amount = -usdc(40), correctionId = 'k', by = 'k1'): AccountCommand => ({
  ...{ type: 'RequestCorrection', correctionId, asset: USDC, amount, reason: 'moved out by hand', by },
})
const approve = (by: string, correctionId = 'k'): AccountCommand => ({ type: 'ApproveCorrection', correctionId, by })

describe('what a wallet should hold as of a finalised slot', () => {
  it('is without what landed later, and without what left by then', () => {
    const s = funded()
    s.does(place(request()))
    s.does(signed('1'))
    s.does(landed('1', swap(sol(1), -usdc(99))))
    assert.deepEqual([walletHolding(s.state, 'SOL', 9), walletHolding(s.state, 'USDC', 9)], [sol(10), usdc(1_000)])
    assert.deepEqual([walletHolding(s.state, 'SOL', 10), walletHolding(s.state, 'USDC', 10)], [sol(11), usdc(901)])
    s.does(finalized('1'))
    assert.deepEqual([walletHolding(s.state, 'SOL', 9), walletHolding(s.state, 'USDC', 9)], [sol(11), usdc(901)])
    s.does({ type: 'RequestWithdrawal', withdrawalId: 'w', asset: USDC, amount: usdc(100), destination: 'Elsewhere' })
    s.does({ type: 'ConfirmWithdrawal', withdrawalId: 'w' })
    s.does(signed('w-w', 1, 'withdrawal'))
    assert.equal(walletHolding(s.state, 'USDC', 9), usdc(901))
    s.does(landed('w-w', left(usdc(100))))
    assert.deepEqual([walletHolding(s.state, 'USDC', 9), walletHolding(s.state, 'USDC', 10)], [usdc(901), usdc(801)])
  })
})

describe('a difference of ledger and chain', () => {
  it('is on record once, by its revision, and ends when they are equal again', () => {
    const s = funded()
    const found = s.does(compare(usdc(990)))
    assert.deepEqual(typesOf(found), ['LedgerDivergenceFound'])
    const event = found.events[0]!
    assert.ok(event.type === 'LedgerDivergenceFound')
    assert.equal(event.data.divergenceId, `USDC-${s.state.revision}`)
    assert.deepEqual(s.does(compare(usdc(990), 101)).events, [], 'the second look, or the second process, changes nothing')
    assert.deepEqual(decodeState(encodeState(s.state)).divergences.toJS(), s.state.divergences.toJS())
    assert.deepEqual(typesOf(s.does(compare(usdc(1_000), 102))), ['LedgerDivergenceResolved'])
    assert.equal(s.state.divergences.size, 0)
  })

  it('is made up for by what comes unasked: as a credit it would be counted twice', () => {
    const s = funded()
    s.does(compare(usdc(960)))
    const gift = { type: 'BookUnrequestedCredit', slot: 101, tokenAccount: 'ata-USDC', asset: USDC, amount: usdc(40) } as const
    assert.equal(s.does({ ...gift, signature: 'back' }).answer.kind, 'ignored')
    assert.deepEqual(typesOf(s.does(compare(usdc(1_000), 101))), ['LedgerDivergenceResolved'])
    assert.deepEqual(typesOf(s.does({ ...gift, signature: 'gift' })), ['FundsCredited'])
  })

  it('that changes is another one', () => {
    const s = funded()
    s.does(compare(usdc(990)))
    assert.deepEqual(typesOf(s.does(compare(usdc(980)))), ['LedgerDivergenceResolved', 'LedgerDivergenceFound'])
  })

  it('is held against the fold of the decision: what moved both meanwhile is none, and an open attempt decides nothing', () => {
    const s = funded()
    assert.deepEqual(s.does(compare(usdc(1_000))).events, [])
    s.does(place(request()))
    s.does(signed('1'))
    assert.equal(s.does(compare(usdc(901))).answer.kind, 'ignored')
    s.does(landed('1', swap(sol(1), -usdc(99))))
    assert.deepEqual(s.does(compare(usdc(901))).events, [])
  })
})

describe('a correction by hand', () => {
  it('moves nothing until a second actor approves it; then the account and the house, by the amount', () => {
    const s = funded()
    s.does(compare(usdc(960)))
    assert.deepEqual(typesOf(s.does(ask())), ['LedgerCorrectionRequested'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
    assert.equal(codeOf(s.does(approve('k1'))), 'second_actor_required')
    const corrected = s.does(approve('k2'))
    assert.deepEqual(typesOf(corrected), ['LedgerCorrected'])
    const event = corrected.events[0]!
    assert.ok(event.type === 'LedgerCorrected')
    assert.deepEqual(
      [event.data.requestedBy, event.data.approvedBy, event.data.divergenceId],
      ['k1', 'k2', event.data.compensates.cause.ref],
    )
    assert.deepEqual(
      postingsOf(event).map(({ account, kind, amount }) => [account, kind, amount]),
      [
        ['house', 'correction', usdc(40)],
        ['available', 'correction', -usdc(40)],
      ],
    )
    assert.deepEqual(balance(s, 'USDC'), [usdc(960), 0n])
    assert.deepEqual(typesOf(s.does(compare(usdc(960), 101))), ['LedgerDivergenceResolved'])
  })

  it('is done once: the same again is the first answer, other terms are a conflict, and what was decided is', () => {
    const s = funded()
    s.does(ask())
    assert.equal(s.does(ask()).answer.kind, 'repeated')
    assert.equal(codeOf(s.does(ask(-usdc(41)))), 'duplicate_correction_id')
    s.does(approve('k2'))
    assert.equal(codeOf(s.does(approve('k3'))), 'already_ended')
    assert.equal(s.does(ask()).answer.kind, 'repeated')
    assert.equal(codeOf(s.does(ask(-usdc(41)))), 'duplicate_correction_id')
    assert.equal(codeOf(s.does(approve('k2', 'other'))), 'not_found')
    assert.deepEqual(balance(s, 'USDC'), [usdc(960), 0n])
  })

  it('may be rejected, by who asked for it too', () => {
    const s = funded()
    s.does(ask())
    assert.deepEqual(typesOf(s.does({ type: 'RejectCorrection', correctionId: 'k', by: 'k1', reason: 'a mistake' })), [
      'LedgerCorrectionRejected',
    ])
    assert.equal(codeOf(s.does(approve('k2'))), 'already_ended')
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })

  it('expires: by its timer, or when somebody comes too late', () => {
    const s = funded()
    s.does(ask(), 1_000)
    const end = 1_000 + CORRECTION_VALID_MS
    const timers = agenda(s.state).filter(({ kind }) => kind === 'timer')
    assert.deepEqual(timers, [{ kind: 'timer', at: end, ref: 'k', command: { type: 'ExpireCorrection', correctionId: 'k' } }])
    assert.equal(s.does({ type: 'ExpireCorrection', correctionId: 'k' }, end - 1).answer.kind, 'ignored')
    const late = s.does(approve('k2'), end)
    assert.deepEqual([codeOf(late), ...typesOf(late)], ['already_ended', 'LedgerCorrectionRejected'])
    s.does(ask(-usdc(1), 'k-2'), end)
    assert.deepEqual(typesOf(s.does({ type: 'ExpireCorrection', correctionId: 'k-2' }, end + CORRECTION_VALID_MS)), [
      'LedgerCorrectionRejected',
    ])
    assert.equal(agenda(s.state).length, 0)
  })

  it('that takes more than is there cancels resting orders for it', () => {
    const s = funded()
    s.does(place(limit({ orderQty: sol(9), price: '100' })))
    s.does(ask(-usdc(200)))
    assert.deepEqual(typesOf(s.does(approve('k2'))), ['LedgerCorrected', 'OrderCanceled'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(800), 0n])
  })
})
