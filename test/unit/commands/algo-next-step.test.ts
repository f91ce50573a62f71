import assert from 'node:assert/strict'
import { Map as ImmutableMap } from 'immutable'
import { type AlgoRequest, type AlgoState, algoCommandId, algoTermsHash, factsOf, openAlgo } from '../../../src/commands/algo/algo-state.ts'
import { type AlgoStep, nextStep } from '../../../src/commands/algo/next-step.ts'
import { instrumentTerms } from '../../../src/commands/order/order-request.ts'
import type { OrderState } from '../../../src/commands/order/order-state.ts'
import type { DataOf } from '../../../src/events/account/account-event.ts'
import { PLAIN } from '../../../src/events/order-terms.ts'
import { INSTRUMENT } from './account-story.ts'

const START = 10_000
const TERMS = instrumentTerms(INSTRUMENT)
const started: DataOf<'AlgoStarted'> = {
  ...{ algoId: 'a', termsHash: 'h', side: 'buy', quantity: '100', lotSize: '10', price: null, maxSlippageBps: 50, strategyId: null },
  ...{ plan: { kind: 'twap', slices: 4, intervalMs: 1_000 }, instrument: TERMS, at: START },
}
/** 100 units in lots of 10, as four slices a second apart. */
const twap = (change: Partial<AlgoState> = {}): AlgoState => ({ ...openAlgo(started, 7n), ...change })
/** 100 units in lots of 10, 40 of them shown at a time, at 5 or better. */
const iceberg = (change: Partial<AlgoState> = {}): AlgoState => twap({ plan: { kind: 'iceberg', displayQty: '40' }, price: '5', ...change })

const noOrders = ImmutableMap<number, OrderState>()
const sliceOrder = (slice: number, ordStatus: OrderState['ordStatus'], algoId = 'a') =>
  ({ ordStatus, algo: { algoId, slice } }) as OrderState
const step = (algo: AlgoState, used: readonly string[] = []): AlgoStep => nextStep(algo, noOrders, (id) => used.includes(id))
const quantityOf = (s: AlgoStep): bigint | string | null => (s.kind === 'slice' ? s.request.orderQty : s.kind)
const ends = (status: string, text: string | null) => ({ kind: 'end', status, text })

describe('a slice', () => {
  const order = {
    ...{ ...PLAIN, clOrdId: 'a-2', symbol: 'SOL/USDC', side: 'buy', cashOrderQty: null, maxSlippageBps: 50, strategyId: null },
    algo: { algoId: 'a', slice: 2 },
  }
  it('of a TWAP takes the market at its time', () => {
    const at = START + 2_000
    const request = { ...order, type: 'market', timeInForce: 'ioc', orderQty: 70n, price: null }
    assert.deepEqual(step(twap({ next: 2 })), { kind: 'slice', at, request })
  })
  it('of a TWAP with a price takes no worse one, and is of its algo’s strategy', () => {
    const request = { ...order, type: 'limit', timeInForce: 'ioc', orderQty: 70n, price: '5', strategyId: 's', side: 'sell' }
    assert.deepEqual(step(twap({ next: 2, price: '5', strategyId: 's', side: 'sell' })), { kind: 'slice', at: START + 2_000, request })
  })
  it('of an iceberg is due at once and rests at its price', () => {
    const request = { ...order, type: 'limit', timeInForce: 'gtc', orderQty: 40n, price: '5' }
    assert.deepEqual(step(iceberg({ next: 2 })), { kind: 'slice', at: START, request })
  })
})

describe('the slices of a TWAP', () => {
  it('are equal parts, with what earlier ones left over or did too much', () => {
    const due = (next: number, executed: bigint) => quantityOf(step(twap({ next, executed })))
    // a quarter of 100 is 25, of which 5 are finer than a lot
    assert.deepEqual([due(0, 0n), due(1, 20n), due(2, 50n), due(3, 70n)], [20n, 30n, 20n, 30n])
    assert.deepEqual([due(1, 0n), due(3, 0n)], [50n, 100n])
  })
  it('of less than a lot are skipped at their time, of a lot placed', () => {
    assert.deepEqual(step(twap({ next: 1, executed: 41n })), { kind: 'skip', at: START + 1_000, slice: 1 })
    assert.deepEqual(step(twap({ next: 1, executed: 60n })), { kind: 'skip', at: START + 1_000, slice: 1 })
    assert.equal(quantityOf(step(twap({ next: 1, executed: 40n }))), 10n)
  })
  it('come later by the pauses that are over', () => {
    const paused = step(twap({ next: 3, pausedMs: 250 }))
    assert.equal(paused.kind === 'slice' && paused.at, START + 3_250)
    const skipped = step(twap({ next: 1, executed: 50n, pausedMs: 250 }))
    assert.equal(skipped.kind === 'skip' && skipped.at, START + 1_250)
  })
  it('are over after the last one: what is left then was not executed, paused or not', () => {
    assert.equal(step(twap({ next: 3 })).kind, 'slice')
    assert.deepEqual(step(twap({ next: 4 })), ends('Completed', 'PARTLY_EXECUTED'))
    assert.deepEqual(step(twap({ next: 4, status: 'Paused' })), ends('Completed', 'PARTLY_EXECUTED'))
    assert.deepEqual(step(twap({ next: 3, status: 'Paused' })), { kind: 'none' })
  })
})

describe('the slices of an iceberg', () => {
  it('show no more than is left', () => {
    const shown = (executed: bigint) => quantityOf(step(iceberg({ executed })))
    assert.deepEqual([shown(59n), shown(60n), shown(61n), shown(90n)], [40n, 40n, 39n, 10n])
  })
  it('end it by what ended one of them, also in a pause', () => {
    assert.deepEqual(step(iceberg({ childEnd: 'Canceled' })), ends('Canceled', 'Canceled'))
    assert.deepEqual(step(iceberg({ childEnd: 'Expired' })), ends('Failed', 'Expired'))
    assert.deepEqual(step(iceberg({ childEnd: 'Rejected', status: 'Paused' })), ends('Failed', 'Rejected'))
    assert.equal(step(twap({ childEnd: 'Canceled' })).kind, 'slice', 'a TWAP goes on')
  })
  it('are not placed in a pause', () => {
    assert.deepEqual(step(iceberg({ status: 'Paused' })), { kind: 'none' })
  })
})

describe('an algo', () => {
  const withChild = (ordStatus: OrderState['ordStatus'], change: Partial<AlgoState> = {}) =>
    nextStep(twap({ child: 3, next: 1, ...change }), ImmutableMap([[3, sliceOrder(0, ordStatus)]]), () => false)

  it('waits for its last slice, also to be cancelled, and goes on when that has ended or left the fold', () => {
    for (const open of ['New', 'PartiallyFilled', 'PendingCancel', 'PendingReplace'] as const) {
      assert.deepEqual(withChild(open), { kind: 'none' })
      assert.deepEqual(withChild(open, { status: 'Canceling' }), { kind: 'none' })
    }
    for (const over of ['Filled', 'Canceled', 'Expired', 'Rejected'] as const) assert.equal(withChild(over).kind, 'slice')
    const ofAnother = ImmutableMap([[3, sliceOrder(0, 'New', 'b')]])
    assert.equal(nextStep(twap({ next: 1 }), ofAnother, () => false).kind, 'slice')
  })
  it('waits for an earlier slice whose trade a fork has taken back: it can still execute, and its quantity would be bought twice', () => {
    const busted = twap({ child: 4, next: 2, executed: 20n })
    const orders = ImmutableMap([
      [3, sliceOrder(0, 'New')],
      [4, sliceOrder(1, 'Filled')],
    ])
    assert.deepEqual(
      nextStep(busted, orders, () => false),
      { kind: 'none' },
    )
    const expired = orders.set(3, sliceOrder(0, 'Canceled'))
    assert.equal(quantityOf(nextStep(busted, expired, () => false)), 50n)
  })
  it('ends as cancelled with the text of its cancel, whatever is left', () => {
    const canceling = { status: 'Canceling', text: 'ALGO_CANCELED' } as const
    assert.deepEqual(step(twap(canceling)), ends('Canceled', 'ALGO_CANCELED'))
    assert.deepEqual(step(iceberg({ ...canceling, executed: 100n, childEnd: 'Rejected' })), ends('Canceled', 'ALGO_CANCELED'))
  })
  it('is complete when less than a lot is left', () => {
    assert.deepEqual(step(twap({ executed: 91n })), ends('Completed', null))
    assert.equal(quantityOf(step(twap({ executed: 90n, next: 3 }))), 10n)
    assert.deepEqual(step(iceberg({ executed: 100n, childEnd: 'Canceled', status: 'Paused' })), ends('Completed', null))
  })
  it('fails when the id of its next slice is taken, of no other one', () => {
    assert.deepEqual(step(twap({ next: 2 }), ['a-2']), ends('Failed', 'DUPLICATE_CL_ORD_ID'))
    assert.equal(step(twap({ next: 2 }), ['a-1', 'a-3']).kind, 'slice')
  })
  it('begins with nothing done', () => {
    assert.deepEqual(openAlgo(started, 7n), {
      ...{ algoId: 'a', termsHash: 'h', side: 'buy', quantity: 100n, lotSize: 10n, price: null, maxSlippageBps: 50, strategyId: null },
      ...{ plan: started.plan, instrument: TERMS, status: 'Running', text: null, next: 0, executed: 0n, child: null, childEnd: null },
      ...{ startedAt: START, pausedAt: null, pausedMs: 0, startedRevision: 7n },
    })
  })
  it('shows its state and where it was read', () => {
    const { status, accountId, position, symbol, baseDecimals, slicesDone } = factsOf(twap({ next: 2 }), 'Completed', 'acct', '9')
    assert.deepEqual([status, accountId, position, symbol, baseDecimals, slicesDone], ['Completed', 'acct', '9', 'SOL/USDC', 9, 2])
  })
})

describe('the terms of an algo', () => {
  const request: AlgoRequest = {
    ...{ algoId: 'a', side: 'buy', quantity: 100n, lotSize: 10n, price: null, maxSlippageBps: 50, strategyId: null },
    ...{ plan: { kind: 'twap', slices: 4, intervalMs: 1_000 }, instrument: INSTRUMENT },
  }
  it('are told apart, each of them, and its id is none', () => {
    const changes: readonly Partial<AlgoRequest>[] = [
      ...[{}, { side: 'sell' as const }, { quantity: 101n }, { price: '5' }, { maxSlippageBps: 51 }, { strategyId: 's' }],
      ...[{ plan: { kind: 'twap' as const, slices: 5, intervalMs: 1_000 } }, { plan: { kind: 'iceberg' as const, displayQty: '40' } }],
      { instrument: { ...INSTRUMENT, symbol: 'X' } },
    ]
    assert.equal(new Set(changes.map((change) => algoTermsHash({ ...request, ...change }))).size, changes.length)
    assert.deepEqual([algoCommandId('a'), algoCommandId('b')], ['a-a', 'a-b'], 'a command of its own each')
    assert.equal(algoTermsHash({ ...request, algoId: 'b' }), algoTermsHash(request))
    assert.match(algoTermsHash(request), /^[0-9a-f]{32}$/)
  })
})
