import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { CORRECTION_VALID_MS, MAX_OPEN_CORRECTIONS } from '../../../../src/commands/ledger/correction.ts'
import {
  expired,
  failed,
  finalized,
  funded,
  given,
  landed,
  place,
  reasonOf,
  refusalOf,
  request,
  SOL,
  signed,
  sol,
  swap,
  typesOf,
  USDC,
  usdc,
} from '../account-story.ts'

const compare = (chain: bigint, asset = 'USDC'): AccountCommand => ({ type: 'CompareWithChain', asset, chain, slot: 100 })
const ask = (correctionId = 'k', amount = -usdc(40), reason = 'moved out by hand', asset = USDC): AccountCommand => ({
  ...{ type: 'RequestCorrection', correctionId, asset, amount, reason, by: 'k1' },
})
const approve = (by = 'k2', correctionId = 'k'): AccountCommand => ({ type: 'ApproveCorrection', correctionId, by })
const AT = 1_000
const EXPIRES = AT + CORRECTION_VALID_MS
const asked = { asset: 'USDC', amount: (-usdc(40)).toString(), reason: 'moved out by hand' }
const document = {
  ...{ correctionId: 'acct.k', accountId: 'acct', asset: 'USDC', amount: '-40', reason: 'moved out by hand', requestedBy: 'k1' },
  expiresAt: new Date(EXPIRES).toISOString(),
}

describe('ledger and chain, compared', () => {
  const told = { asset: 'USDC', ledger: usdc(1_000).toString(), chain: usdc(990).toString(), slot: 100, at: AT }

  it('are on record where they differ, under the revision of the finding', () => {
    const s = funded()
    const divergenceId = `USDC-${s.state.revision + 1n}`
    assert.deepEqual(s.does(compare(usdc(990))).events, [{ type: 'LedgerDivergenceFound', data: { divergenceId, ...told } }])
    assert.deepEqual(s.state.divergences.get('USDC'), { divergenceId, ledger: usdc(1_000), chain: usdc(990), at: AT })
    assert.equal(reasonOf(s.does(compare(usdc(990)))), 'on record')
    assert.equal(reasonOf(s.does(compare(sol(10), 'SOL'))), 'equal', 'another asset')
  })
  it('are resolved as equal, or as changed with the next finding', () => {
    const s = given(compare(usdc(990)))
    const found = { divergenceId: `USDC-${s.state.revision}`, asset: 'USDC', ledger: told.ledger, slot: 100, at: AT }
    const changed = s.does(compare(usdc(980)))
    const next = `USDC-${s.state.revision}`
    assert.deepEqual(changed.events, [
      { type: 'LedgerDivergenceResolved', data: { ...found, resolution: 'changed', chain: usdc(980).toString() } },
      { type: 'LedgerDivergenceFound', data: { ...found, divergenceId: next, chain: usdc(980).toString() } },
    ])
    assert.deepEqual(s.does(compare(usdc(1_000))).events, [
      { type: 'LedgerDivergenceResolved', data: { ...found, divergenceId: next, resolution: 'equal', chain: told.ledger } },
    ])
    assert.equal(reasonOf(s.does(compare(usdc(1_000)))), 'equal')
  })
  it('are not judged while a transaction is under way, or its landing not final', () => {
    const why = 'an attempt is open, or its landing not final'
    const s = given(place(request()), signed('1'))
    assert.equal(reasonOf(s.does(compare(usdc(990)))), why)
    s.does(landed('1', swap(sol(1), -usdc(99))))
    assert.equal(reasonOf(s.does(compare(usdc(990)))), why)
    s.does(finalized('1'))
    assert.deepEqual(typesOf(s.does(compare(usdc(990)))), ['LedgerDivergenceFound'])
  })
  it('let a difference that is on record stay one of the same size, whatever moved both', () => {
    const s = given(compare(usdc(990)))
    for (const command of [place(request()), signed('1'), landed('1', swap(sol(1), -usdc(99))), finalized('1')]) s.does(command)
    assert.equal(reasonOf(s.does(compare(usdc(891)))), 'on record')
    assert.deepEqual(typesOf(s.does(compare(usdc(890)))), ['LedgerDivergenceResolved', 'LedgerDivergenceFound'])
  })
  it('do not hold up what has expired, or failed for good', () => {
    const gone = given(place(request()), signed('1'), expired('1'))
    assert.deepEqual(typesOf(gone.does(compare(usdc(990)))), ['LedgerDivergenceFound'])
    const failure = given(place(request()), signed('1'), failed('1'))
    assert.equal(typesOf(failure.does(compare(usdc(990)))).length, 0)
    failure.does(finalized('1'))
    assert.deepEqual(typesOf(failure.does(compare(usdc(990)))), ['LedgerDivergenceFound'])
  })
})

describe('a correction that is asked for', () => {
  it('is on record with its end, and answered by its document', () => {
    const s = funded()
    assert.deepEqual(s.does(ask()), {
      events: [
        {
          type: 'LedgerCorrectionRequested',
          data: { correctionId: 'k', ...asked, decimals: 6, by: 'k1', expiresAt: EXPIRES, at: AT },
        },
      ],
      answer: { kind: 'document', document: { ...document, status: 'requested' }, first: true },
    })
    assert.deepEqual(s.state.corrections.get('k'), {
      ...{ correctionId: 'k', asset: 'USDC', decimals: 6, amount: -usdc(40), reason: 'moved out by hand', by: 'k1' },
      ...{ expiresAt: EXPIRES, requestedRevision: s.state.revision },
    })
  })
  it('is answered again by the same terms, before and after its end, and refused by any other', () => {
    const taken = { code: 'duplicate_correction_id', detail: 'k was used with other terms' }
    for (const s of [given(ask()), given(ask(), approve())]) {
      assert.deepEqual(s.does(ask()).answer, { kind: 'repeated', revision: funded().state.revision + 1n })
      for (const other of [ask('k', -usdc(41)), ask('k', -usdc(40), 'else'), ask('k', -usdc(40), 'moved out by hand', SOL)])
        assert.deepEqual(refusalOf(s.does(other)), taken)
    }
  })
  it('is one of twenty that may wait', () => {
    const s = funded()
    for (let i = 0; i < MAX_OPEN_CORRECTIONS; i++) assert.deepEqual(typesOf(s.does(ask(`k-${i}`))), ['LedgerCorrectionRequested'])
    const detail = '20 corrections of the account wait for a second actor'
    assert.deepEqual(refusalOf(s.does(ask('more'))), { code: 'rate_limited', detail })
    s.does(approve('k2', 'k-0'))
    assert.deepEqual(typesOf(s.does(ask('more'))), ['LedgerCorrectionRequested'])
  })
})

describe('the decision of a correction', () => {
  const compensation = (type: string, ref: string) => ({
    ...{ cause: { type, ref, attempt: null }, command: 'k-k', reverses: 'balance' },
    effect: { asset: 'USDC', amount: asked.amount },
  })
  const corrected = { correctionId: 'k', ...asked, requestedBy: 'k1', approvedBy: 'k2', at: AT }

  it('names both actors and the request; without a divergence on record that is its cause', () => {
    const s = given(ask())
    const by = { request: s.state.revision.toString(), divergenceId: null }
    assert.deepEqual(s.does(approve()), {
      events: [{ type: 'LedgerCorrected', data: { ...corrected, ...by, compensates: compensation('LedgerCorrectionRequested', 'k') } }],
      answer: { kind: 'document', document: { ...document, status: 'corrected', decidedBy: 'k2' }, first: false },
    })
    assert.deepEqual([s.state.corrections.size, s.state.balances.get('USDC')?.available], [0, usdc(960)])
  })
  it('names the divergence of its asset that it answers', () => {
    const s = given(compare(usdc(960)))
    const divergenceId = `USDC-${s.state.revision}`
    s.does(ask())
    const [event] = s.does(approve()).events
    assert.ok(event?.type === 'LedgerCorrected')
    assert.deepEqual([event.data.divergenceId, event.data.compensates], [divergenceId, compensation('LedgerDivergenceFound', divergenceId)])
  })
  it('is a second actor’s', () => {
    const detail = 'whoever asked for a correction cannot approve it'
    assert.deepEqual(refusalOf(given(ask()).does(approve('k1'))), { code: 'second_actor_required', detail })
  })
  it('may be against it, with a reason', () => {
    assert.deepEqual(given(ask()).does({ type: 'RejectCorrection', correctionId: 'k', by: 'k3', reason: 'a mistake' }), {
      events: [{ type: 'LedgerCorrectionRejected', data: { correctionId: 'k', by: 'k3', reason: 'a mistake', expired: false, at: AT } }],
      answer: { kind: 'document', document: { ...document, status: 'rejected', decidedBy: 'k3', decision: 'a mistake' }, first: false },
    })
  })
  it('comes in time up to the last millisecond; after it nobody’s does', () => {
    const expiry = {
      type: 'LedgerCorrectionRejected',
      data: { correctionId: 'k', by: 'system', reason: 'nobody approved it in time', expired: true, at: EXPIRES },
    }
    assert.deepEqual(typesOf(given(ask()).does(approve(), EXPIRES - 1)), ['LedgerCorrected'])
    assert.deepEqual(given(ask()).does(approve(), EXPIRES), {
      events: [expiry],
      answer: { kind: 'refused', refusal: { code: 'already_ended', detail: 'the request has expired' } },
    })
    const timer: AccountCommand = { type: 'ExpireCorrection', correctionId: 'k' }
    assert.equal(reasonOf(given(ask()).does(timer, EXPIRES - 1)), 'not yet')
    assert.deepEqual(given(ask()).does(timer, EXPIRES).events, [expiry])
    assert.equal(reasonOf(funded().does(timer, EXPIRES)), 'the correction does not wait any more')
  })
  it('is taken once, of what was asked for', () => {
    const reject: AccountCommand = { type: 'RejectCorrection', correctionId: 'k', by: 'k3', reason: 'r' }
    for (const decision of [approve(), reject]) {
      assert.deepEqual(refusalOf(given(ask(), approve()).does(decision)), { code: 'already_ended', detail: 'the correction was decided' })
      assert.deepEqual(refusalOf(funded().does(decision)), { code: 'not_found', detail: 'no such correction' })
    }
  })
})
