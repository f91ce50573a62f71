import assert from 'node:assert/strict'
import { algoStep } from '../../../../src/commands/account/algos.ts'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { type AlgoRequest, algoTermsHash } from '../../../../src/commands/algo/algo-state.ts'
import {
  cancel,
  expired,
  funded,
  INSTRUMENT,
  landed,
  limit,
  mid,
  place,
  reasonOf,
  refusalOf,
  type Story,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  usdc,
  vanished,
} from '../account-story.ts'

const START = 10_000
const twap: AlgoRequest = {
  ...{ algoId: 'algo', side: 'buy', quantity: sol(4), lotSize: sol(0.001), price: null, maxSlippageBps: 100, strategyId: null },
  ...{ plan: { kind: 'twap', slices: 4, intervalMs: 1_000 }, instrument: INSTRUMENT },
}
const iceberg: AlgoRequest = { ...twap, price: '100', plan: { kind: 'iceberg', displayQty: String(sol(1)) } }
const start = (request: AlgoRequest = twap, rest = {}): AccountCommand => ({ type: 'StartAlgo', request, ...rest })
const of = (type: 'PauseAlgo' | 'ResumeAlgo' | 'CancelAlgo' | 'EndAlgo', algoId = 'algo'): AccountCommand => ({ type, algoId })
const skip = (slice: number): AccountCommand => ({ type: 'SkipSlice', algoId: 'algo', slice })
const started = (request: AlgoRequest = twap): Story => {
  const s = funded()
  s.does(start(request), START)
  return s
}
/** The order of the slice that is due. */
const slice = (s: Story, change = {}): AccountCommand => {
  const step = algoStep(s.state, s.state.algos.get('algo')!)
  assert.ok(step.kind === 'slice')
  return { ...place({ ...step.request, ...change }), reference: mid('100', START) } as AccountCommand
}
const sliced = (request: AlgoRequest = twap): Story => {
  const s = started(request)
  s.does(slice(s), START)
  return s
}

describe('an algo that is started', () => {
  it('is on record with its terms, and holds nothing itself', () => {
    const s = funded()
    const { events, answer } = s.does(start(), START)
    const { instrument: _instrument, ...terms } = twap
    const instrument = {
      ...{ symbol: 'SOL/USDC', version: 1, base: 'SOL', quote: 'USDC', baseMint: 'MintSOL', quoteMint: 'MintUSDC' },
      ...{ baseDecimals: 9, quoteDecimals: 6 },
    }
    const termsHash = algoTermsHash(twap)
    const data = { ...terms, quantity: String(sol(4)), lotSize: String(sol(0.001)), termsHash, instrument, at: START }
    assert.deepEqual(events, [{ type: 'AlgoStarted', data }])
    assert.deepEqual(answer, { kind: 'algo', algo: s.state.algos.get('algo'), status: 'Running', first: true })
    assert.equal(s.state.algos.get('algo')?.startedRevision, s.state.revision)
  })
  it('is answered again by the same terms, and refused by others or an unknown strategy', () => {
    const taken = { code: 'duplicate_algo_id', detail: 'algo was used for an algo with other terms' }
    const s = started()
    const { revision } = s.state
    assert.deepEqual(s.does(start()), { events: [], answer: { kind: 'repeated', revision } })
    assert.deepEqual(refusalOf(s.does(start({ ...twap, side: 'sell' }))), taken)
    s.does(of('CancelAlgo'), START)
    assert.deepEqual(s.does(start()), { events: [], answer: { kind: 'repeated', revision } })
    assert.deepEqual(refusalOf(s.does(start({ ...twap, side: 'sell' }))), taken)
    const unknown = funded().does(start({ ...twap, strategyId: 'none' }, { strategyUnknown: true }))
    assert.deepEqual(refusalOf(unknown)?.extra, { why: { rule: 'strategy', scope: 'strategy:none', value: 'unknown' } })
  })
  it('is one of fifty at work', () => {
    const s = funded()
    for (let n = 0; n < 50; n++) assert.equal(typesOf(s.does(start({ ...twap, algoId: `a-${n}` }))).length, 1)
    assert.deepEqual(refusalOf(s.does(start())), { code: 'limit_breached', detail: 'at most 50 algos at work' })
    s.does(of('CancelAlgo', 'a-0'))
    assert.deepEqual(typesOf(s.does(start())), ['AlgoStarted'])
  })
})

describe('an algo that is paused', () => {
  it('is so once, and resumed once: its times move by the pause', () => {
    const s = started()
    const paused = s.does(of('PauseAlgo'), START + 500)
    assert.deepEqual(paused.events, [{ type: 'AlgoPaused', data: { algoId: 'algo', at: START + 500 } }])
    assert.deepEqual(paused.answer, { kind: 'algo', algo: s.state.algos.get('algo'), status: 'Paused', first: false })
    assert.deepEqual(s.does(of('PauseAlgo'), START + 600).events, [])
    const resumed = s.does(of('ResumeAlgo'), START + 700)
    assert.deepEqual(resumed.events, [{ type: 'AlgoResumed', data: { algoId: 'algo', at: START + 700 } }])
    assert.deepEqual([s.state.algos.get('algo')?.pausedMs, s.state.algos.get('algo')?.pausedAt], [200, null])
    const again = s.does(of('ResumeAlgo'), START + 800)
    assert.deepEqual(again, { events: [], answer: { kind: 'algo', algo: s.state.algos.get('algo'), status: 'Running', first: false } })
    s.does(of('PauseAlgo'), START + 1_000)
    s.does(of('ResumeAlgo'), START + 1_050)
    assert.equal(s.state.algos.get('algo')?.pausedMs, 250, 'pauses add up')
  })
  it('is neither paused nor resumed once it is being cancelled', () => {
    const s = sliced()
    s.does(signed('1'), START)
    s.does(of('CancelAlgo'), START)
    for (const type of ['PauseAlgo', 'ResumeAlgo', 'CancelAlgo'] as const) {
      const { events, answer } = s.does(of(type), START)
      assert.deepEqual([events, answer.kind === 'algo' && answer.status], [[], 'Canceling'], type)
    }
  })
})

describe('an algo that is cancelled', () => {
  it('ends at once without a slice, with what it has executed', () => {
    const s = started()
    const { events, answer } = s.does(of('CancelAlgo'), START)
    assert.deepEqual(events, [
      { type: 'AlgoCancelRequested', data: { algoId: 'algo', text: 'ALGO_CANCELED', at: START } },
      { type: 'AlgoEnded', data: { algoId: 'algo', status: 'Canceled', text: 'ALGO_CANCELED', executed: '0', at: START } },
    ])
    assert.deepEqual([answer.kind === 'algo' && [answer.status, answer.first], s.state.algos.size], [['Canceled', false], 0])
  })
  it('ends its slice too, or asks for its end', () => {
    const rests = sliced(iceberg)
    const texts = rests.does(of('CancelAlgo'), START).events.map(({ type, data }) => [type, 'text' in data && data.text])
    assert.deepEqual(texts, [
      ['AlgoCancelRequested', 'ALGO_CANCELED'],
      ['OrderCanceled', 'ALGO_CANCELED'],
      ['AlgoEnded', 'ALGO_CANCELED'],
    ])
    const open = sliced()
    open.does(signed('1'), START)
    assert.deepEqual(typesOf(open.does(of('CancelAlgo'), START)), ['AlgoCancelRequested', 'OrderCancelRequested'])
    assert.equal(reasonOf(open.does(of('EndAlgo'), START)), 'the algo has not come to its end')
    open.does(expired('1'), START)
    assert.deepEqual(typesOf(open.does(of('EndAlgo'), START)), ['AlgoEnded'])
  })
  it('is not there any more', () => {
    const s = started()
    s.does(of('CancelAlgo'), START)
    const commands = [of('CancelAlgo'), of('PauseAlgo'), of('EndAlgo'), skip(0)]
    for (const command of commands)
      assert.deepEqual(refusalOf(s.does(command)), { code: 'too_late_to_cancel', detail: 'the algo has ended' })
    for (const command of commands) assert.deepEqual(refusalOf(funded().does(command)), { code: 'not_found', detail: 'no such algo' })
  })
  it('by the dead-man switch, is asked for once', () => {
    const s = sliced()
    for (const command of [signed('1'), of('CancelAlgo'), { type: 'ArmDeadMan', timeoutMs: 10 } as const]) s.does(command, START)
    assert.deepEqual(typesOf(s.does({ type: 'FireDeadMan' }, START + 10)), ['DeadManFired'])
    const running = started(iceberg)
    running.does({ type: 'ArmDeadMan', timeoutMs: 10 }, START)
    const [, asked] = running.does({ type: 'FireDeadMan' }, START + 10).events
    assert.deepEqual(asked, { type: 'AlgoCancelRequested', data: { algoId: 'algo', text: 'DEAD_MAN', at: START + 10 } })
  })
})

describe('a slice', () => {
  it('is the one that is due, and no other order that claims to be one', () => {
    const s = started()
    const claims = (change: object, time = START) => reasonOf(s.does(slice(s, change), time))
    assert.equal(claims({ algo: { algoId: 'none', slice: 0 } }), 'the algo is not at work')
    assert.equal(claims({ orderQty: sol(2) }), 'it is not the slice that is due')
    assert.equal(claims({ clOrdId: 'other' }), 'it is not the slice that is due')
    const due = slice(s)
    assert.equal(claims({}), 'order')
    assert.equal(
      reasonOf(s.does({ ...due, request: { ...(due as { request: object }).request, clOrdId: 'x' } } as AccountCommand, START)),
      'no slice is due',
    )
  })
  it('waits for its time, to the millisecond', () => {
    const s = sliced()
    for (const command of [signed('1'), landed('1', swap(sol(1), -usdc(100)))]) s.does(command, START)
    const next = slice(s)
    assert.equal(reasonOf(s.does(next, START + 999)), 'the time of the slice has not come')
    assert.equal(reasonOf(s.does(next, START + 1_000)), 'order')
  })
  it('tells its algo how it ended, and what it executed', () => {
    const algo = (s: Story) => s.state.algos.get('algo')!
    const s = sliced()
    assert.deepEqual([algo(s).next, algo(s).child, algo(s).childEnd, algo(s).executed], [1, 1, null, 0n])
    s.does(signed('1'), START)
    s.does(landed('1', swap(sol(0.4), -usdc(40))), START)
    assert.deepEqual([algo(s).childEnd, algo(s).executed], ['Canceled', sol(0.4)])
    s.does(vanished('1'), START)
    assert.equal(algo(s).executed, 0n)
    const poor = started({ ...twap, quantity: sol(400) })
    poor.does(slice(poor), START)
    assert.deepEqual([algo(poor).next, algo(poor).child, algo(poor).childEnd], [1, 1, 'Rejected'])
  })
  it('that comes back and ends after the next one was placed is not the last one’s end', () => {
    const s = sliced()
    for (const command of [signed('1'), landed('1', swap(sol(1), -usdc(100)))]) s.does(command, START)
    s.does(slice(s), START + 1_000)
    assert.equal(s.state.algos.get('algo')?.child, 2)
    for (const command of [vanished('1'), expired('1'), cancel(1)]) s.does(command, START + 1_000)
    assert.deepEqual([s.state.orders.has(1), s.state.algos.get('algo')?.childEnd, s.state.algos.get('algo')?.executed], [false, null, 0n])
  })
  it('is no business of another one’s end', () => {
    const s = started(iceberg)
    s.does(place(limit({ clOrdId: 'own', orderQty: sol(1) })), START)
    s.does(slice(s), START)
    s.does(cancel(1), START)
    assert.equal(s.state.algos.get('algo')?.childEnd, null)
    assert.equal(statusOf(s, 2), 'New')
  })
  it('is skipped in its turn and not before its time', () => {
    const s = started({ ...twap, quantity: sol(0.001), plan: { kind: 'twap', slices: 3, intervalMs: 1_000 } })
    const why = 'it is not the time to skip that slice'
    assert.equal(reasonOf(s.does(skip(1), START)), why)
    assert.deepEqual(s.does(skip(0), START).events, [{ type: 'AlgoSliceSkipped', data: { algoId: 'algo', slice: 0, at: START } }])
    assert.equal(s.state.algos.get('algo')?.next, 1)
    assert.equal(reasonOf(s.does(skip(1), START + 999)), why)
    assert.deepEqual(typesOf(s.does(skip(1), START + 1_000)), ['AlgoSliceSkipped'])
    assert.equal(reasonOf(s.does(skip(2), START + 2_000)), why, 'it is to be placed')
  })
})
