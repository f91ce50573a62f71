import assert from 'node:assert/strict'
import fc from 'fast-check'
import { algoStep } from '../../../src/commands/account/algos.ts'
import type { AccountCommand, Decision } from '../../../src/commands/account/command.ts'
import type { AlgoRequest, AlgoState } from '../../../src/commands/algo/algo-state.ts'
import { decodeState, encodeState } from '../../../src/commands/handler/snapshot-codec.ts'
import {
  codeOf,
  funded,
  INSTRUMENT,
  landed,
  limit,
  mid,
  place,
  replace,
  type Story,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  usdc,
} from './account-story.ts'

const START = 10_000
const request = (over: Partial<AlgoRequest> = {}): AlgoRequest => ({
  ...{ algoId: 'algo', side: 'buy', quantity: sol(4), lotSize: sol(0.001), price: null, maxSlippageBps: 100, strategyId: null },
  ...{ plan: { kind: 'twap', slices: 4, intervalMs: 1_000 }, instrument: INSTRUMENT },
  ...over,
})
const iceberg = (over: Partial<AlgoRequest> = {}): AlgoRequest =>
  request({ price: '100', plan: { kind: 'iceberg', displayQty: String(sol(1.5)) }, ...over })

const started = (r: AlgoRequest = request()): Story => {
  const s = funded()
  s.does({ type: 'StartAlgo', request: r }, START)
  return s
}
const algoOf = (s: Story): AlgoState | undefined => s.state.algos.get('algo')
const stepOf = (s: Story) => algoStep(s.state, algoOf(s)!)
/** What the process manager would give the account for the step that is due. */
const commandFor = (s: Story, time: number): AccountCommand | undefined => {
  const algo = algoOf(s)
  if (!algo) return undefined
  const step = algoStep(s.state, algo)
  switch (step.kind) {
    case 'none':
      return undefined
    case 'slice':
      return { type: 'PlaceOrder', request: step.request, instrument: INSTRUMENT, reference: mid('100', time), route: 'unprobed' }
    case 'skip':
      return { type: 'SkipSlice', algoId: 'algo', slice: step.slice }
    case 'end':
      return { type: 'EndAlgo', algoId: 'algo' }
    default:
      return step satisfies never
  }
}
const manage = (s: Story, time: number): Decision => s.does(commandFor(s, time)!, time)
/** The slice's transaction lands with so much. */
const fill = (s: Story, number: number, qty: bigint, attempt = 1): void => {
  s.does(signed(String(number), attempt), START)
  s.does(landed(String(number), swap(qty, -(qty / 10n)), attempt), START)
}
const placed = (s: Story) => s.events.flatMap((event) => (event.type === 'OrderAccepted' ? [event.data] : []))

describe('a TWAP', () => {
  it('lets nobody replace its slice: the algo would execute more than it was asked to', () => {
    const s = started()
    manage(s, START)
    const decision = s.does(replace(1, 'more', { orderQty: sol(9) }), START)
    assert.deepEqual([codeOf(decision), typesOf(decision)], ['invalid_request', []])
  })
  it('places its slices at their times, each an order of its own', () => {
    const s = started()
    assert.deepEqual(stepOf(s).kind, 'slice')
    assert.deepEqual(typesOf(manage(s, START)), ['OrderAccepted'])
    assert.equal(stepOf(s).kind, 'none')
    fill(s, 1, sol(1))
    const early = manage(s, START + 999)
    assert.deepEqual([typesOf(early), early.answer.kind], [[], 'ignored'])
    manage(s, START + 1_000)
    fill(s, 2, sol(1))
    assert.deepEqual(
      placed(s).map(({ clOrdId, type, timeInForce, orderQty, algo }) => [clOrdId, type, timeInForce, orderQty, algo?.slice]),
      [
        ['algo-0', 'market', 'ioc', String(sol(1)), 0],
        ['algo-1', 'market', 'ioc', String(sol(1)), 1],
      ],
    )
  })

  it('carries what a slice could not execute to the next one, and ends with what it has', () => {
    const s = started()
    manage(s, START)
    s.does({ type: 'KillOrder', number: 1, text: 'SLIPPAGE' }, START)
    manage(s, START + 1_000)
    assert.equal(placed(s)[1]?.orderQty, String(sol(2)))
    fill(s, 2, sol(2))
    for (const number of [3, 4]) {
      manage(s, START + number * 1_000)
      s.does({ type: 'KillOrder', number, text: 'SLIPPAGE' }, START)
    }
    const end = manage(s, START + 9_000)
    assert.deepEqual(
      end.events.map(({ type, data }) => [type, data]),
      [['AlgoEnded', { algoId: 'algo', status: 'Completed', text: 'PARTLY_EXECUTED', executed: String(sol(2)), at: START + 9_000 }]],
    )
    assert.equal(algoOf(s), undefined)
  })

  it('goes on after a slice that was refused: there may be funds at the next time', () => {
    const s = started(request({ quantity: sol(400) }))
    assert.deepEqual(typesOf(manage(s, START)), ['OrderRejected'])
    const step = stepOf(s)
    assert(step.kind === 'slice' && step.at === START + 1_000 && step.request.orderQty === sol(200))
  })

  it('moves its times by a pause, and places nothing in it', () => {
    const s = started()
    manage(s, START)
    fill(s, 1, sol(1))
    s.does({ type: 'PauseAlgo', algoId: 'algo' }, START + 500)
    assert.equal(stepOf(s).kind, 'none')
    s.does({ type: 'ResumeAlgo', algoId: 'algo' }, START + 60_500)
    const step = stepOf(s)
    assert(step.kind === 'slice' && step.at === START + 61_000)
  })

  it('skips a time whose quantity is below a lot', () => {
    const s = started(request({ quantity: sol(0.001), plan: { kind: 'twap', slices: 2, intervalMs: 1_000 } }))
    assert.deepEqual(typesOf(manage(s, START)), ['AlgoSliceSkipped'])
    manage(s, START + 1_000)
    assert.equal(placed(s)[0]?.orderQty, String(sol(0.001)))
  })
})

describe('an iceberg', () => {
  it('shows one slice at a time, and the next when that is taken', () => {
    const s = started(iceberg())
    const trade = (number: number, qty: bigint): void => {
      s.does({ type: 'TriggerOrder', number, trigger: mid('100', START) }, START)
      fill(s, number, qty)
    }
    manage(s, START)
    assert.equal(stepOf(s).kind, 'none')
    trade(1, sol(1.5))
    manage(s, START)
    trade(2, sol(1.5))
    manage(s, START)
    trade(3, sol(1))
    assert.deepEqual(
      placed(s).map(({ type, timeInForce, price, orderQty }) => [type, timeInForce, price, orderQty]),
      [sol(1.5), sol(1.5), sol(1)].map((qty) => ['limit', 'gtc', '100', String(qty)]),
    )
    const [end] = manage(s, START).events
    assert(end?.type === 'AlgoEnded' && end.data.status === 'Completed' && end.data.executed === String(sol(4)))
  })

  it('ends when its slice is cancelled, and fails when one is refused', () => {
    const s = started(iceberg())
    manage(s, START)
    s.does({ type: 'CancelOrder', number: 1 }, START)
    const [end] = manage(s, START).events
    assert(end?.type === 'AlgoEnded' && end.data.status === 'Canceled')
    const poor = started(iceberg({ plan: { kind: 'iceberg', displayQty: String(sol(400)) }, quantity: sol(400) }))
    assert.deepEqual(typesOf(manage(poor, START)), ['OrderRejected'])
    const [failed] = manage(poor, START).events
    assert(failed?.type === 'AlgoEnded' && failed.data.status === 'Failed')
  })
})

describe('an algo', () => {
  it('is cancelled with its slice in one append, or once the attempt has ended', () => {
    const s = started(iceberg())
    manage(s, START)
    assert.deepEqual(typesOf(s.does({ type: 'CancelAlgo', algoId: 'algo' }, START)), ['AlgoCancelRequested', 'OrderCanceled', 'AlgoEnded'])
    assert.equal(s.does({ type: 'CancelAlgo', algoId: 'algo' }, START).answer.kind, 'refused')

    const open = started()
    manage(open, START)
    open.does(signed('1'), START)
    assert.deepEqual(typesOf(open.does({ type: 'CancelAlgo', algoId: 'algo' }, START)), ['AlgoCancelRequested', 'OrderCancelRequested'])
    assert.equal(statusOf(open, 1), 'PendingCancel')
    assert.equal(stepOf(open).kind, 'none')
    open.does(landed('1', swap(sol(1), -usdc(100))), START)
    const [end] = manage(open, START).events
    assert(end?.type === 'AlgoEnded' && end.data.status === 'Canceled' && end.data.executed === String(sol(1)))
  })

  it('answers the same start again, also after its end, and refuses other terms', () => {
    const s = started()
    const again = (r: AlgoRequest) => s.does({ type: 'StartAlgo', request: r }, START).answer
    assert.equal(again(request()).kind, 'repeated')
    assert.equal(again(request({ quantity: sol(5) })).kind, 'refused')
    s.does({ type: 'CancelAlgo', algoId: 'algo' }, START)
    assert.equal(algoOf(s), undefined)
    assert.equal(again(request()).kind, 'repeated')
    assert.equal(again(request({ quantity: sol(5) })).kind, 'refused')
  })

  it('fails when an order of another hand has the id of its next slice', () => {
    const s = started()
    s.does(place(limit({ clOrdId: 'algo-0', orderQty: sol(1) })), START)
    const [end] = manage(s, START).events
    assert(end?.type === 'AlgoEnded' && end.data.text === 'DUPLICATE_CL_ORD_ID')
  })

  it('is ended by the dead-man switch: it would place orders again', () => {
    const s = started(iceberg())
    manage(s, START)
    s.does({ type: 'ArmDeadMan', timeoutMs: 1_000 }, START)
    s.does({ type: 'FireDeadMan' }, START + 1_000)
    assert.equal(statusOf(s, 1), undefined)
    assert.deepEqual(typesOf(manage(s, START + 1_000)), ['AlgoEnded'])
  })

  it('comes back from a snapshot as it was', () => {
    const s = started()
    manage(s, START)
    const back = decodeState(JSON.parse(JSON.stringify(encodeState(s.state))))
    assert.deepEqual(back.algos.toJS(), s.state.algos.toJS())
  })

  it('places no slice twice and never too much, however often and late its steps are offered', () => {
    const move = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('offer' as const), late: fc.nat(3) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('fill' as const), part: fc.integer({ min: 1, max: 4 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constantFrom('fail' as const, 'pause' as const, 'resume' as const, 'cancel' as const) }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(1_500) }) },
    )
    fc.assert(
      fc.property(fc.boolean(), fc.array(move, { maxLength: 40 }), (twap, moves) => {
        const s = started(twap ? request() : iceberg())
        const offered: AccountCommand[] = []
        let now = START
        for (const one of moves) {
          const last = s.state.orders.get(algoOf(s)?.child ?? 0)
          switch (one.kind) {
            case 'offer': {
              const fresh = commandFor(s, now)
              if (fresh) offered.push(fresh)
              // the newest, or one that another worker had decided on some steps ago
              const command = offered.at(-1 - one.late)
              if (command) s.does(command, now)
              break
            }
            case 'fill':
            case 'fail': {
              if (!last) break
              const ref = String(last.number)
              const attempt = (s.state.attempts.get(ref)?.attempt ?? 0) + 1
              if (!last.executable) s.does({ type: 'TriggerOrder', number: last.number, trigger: mid('100', now) }, now)
              const left = (last.orderQty ?? 0n) - last.cumQty
              s.does(signed(ref, attempt), now)
              if (one.kind === 'fill') s.does(landed(ref, swap(left / BigInt(one.part), -(left / BigInt(one.part) / 10n)), attempt), now)
              else s.does({ type: 'BookExpired', ref, attempt, signature: `sig-${ref}-${attempt}`, proof: [] }, now)
              break
            }
            case 'time':
              now += one.ms
              break
            case 'pause':
              s.does({ type: 'PauseAlgo', algoId: 'algo' }, now)
              break
            case 'resume':
              s.does({ type: 'ResumeAlgo', algoId: 'algo' }, now)
              break
            case 'cancel':
              s.does({ type: 'CancelAlgo', algoId: 'algo' }, now)
              break
            default:
              one satisfies never
          }
        }
        const slices = placed(s).map(({ algo }) => algo!.slice)
        assert.equal(new Set(slices).size, slices.length)
        const executed = s.events.reduce((sum, event) => sum + (event.type === 'TradeBooked' ? BigInt(event.data.lastQty) : 0n), 0n)
        assert(executed <= sol(4))
        assert.equal(algoOf(s)?.executed ?? executed, executed)
        const open = [...s.state.orders.values()].filter(({ ordStatus }) => ordStatus === 'New' || ordStatus === 'PartiallyFilled')
        assert(open.reduce((sum, order) => sum + (order.orderQty ?? 0n) - order.cumQty, executed) <= sol(4))
        assert(open.length <= 1)
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) },
    )
  })
})
