import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { divideHalfEven } from '../../../src/platform/decimal.ts'
import type { AccountFact } from '../../../src/projections/projection.ts'
import { executions, executionsTable } from '../../../src/projections/read-models/executions.ts'
import { type Fifo, holdingOf, type Lot, NO_LOTS, openPart, tradeLots } from '../../../src/projections/read-models/fifo.ts'
import { lotQueues, lotQueuesTable, lotsTable, totalsOf } from '../../../src/projections/read-models/lots.ts'
import { positions, positionsTable } from '../../../src/projections/read-models/positions.ts'
import { createRowSets, type RowSets } from '../../../src/projections/rows/rows.ts'

type Trade = readonly [side: 'buy' | 'sell', base: bigint, quote: bigint]

const traded = (trades: readonly Trade[]) => {
  let fifo: Fifo = NO_LOTS
  const lots: Lot[] = []
  for (const trade of trades) {
    const next = tradeLots(fifo, ...trade)
    fifo = next.fifo
    if (next.lot) lots.push(next.lot)
  }
  const open = lots.flatMap((lot) => openPart(fifo, lot) ?? [])
  return {
    fifo,
    open,
    held: holdingOf(
      fifo,
      lots.find((lot) => openPart(fifo, lot)!),
    ),
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** First in, first out as one would write it with a list of lots. */
const naive = (trades: readonly Trade[]) => {
  let lots: { qty: bigint; quote: bigint; taken: bigint }[] = []
  let side: 'buy' | 'sell' = 'buy'
  let realized = 0n
  const costOf = (lot: { qty: bigint; quote: bigint; taken: bigint }): bigint => divideHalfEven(lot.quote * lot.taken, lot.qty)
  for (const [way, base, quote] of trades) {
    let left = base
    let leftQuote = quote
    if (lots.length > 0 && side !== way) {
      const open = lots.reduce((sum, lot) => sum + lot.qty - lot.taken, 0n)
      const closing = least(left, open)
      const closingQuote = closing === left ? quote : divideHalfEven(quote * closing, base)
      let cost = 0n
      for (let rest = closing; rest > 0n; ) {
        const lot = lots[0]!
        const part = least(rest, lot.qty - lot.taken)
        cost -= costOf(lot)
        lot.taken += part
        cost += costOf(lot)
        rest -= part
        if (lot.taken === lot.qty) lots = lots.slice(1)
      }
      realized += side === 'buy' ? closingQuote - cost : cost - closingQuote
      left -= closing
      leftQuote -= closingQuote
    }
    if (left === 0n) continue
    if (lots.length === 0) side = way
    lots.push({ qty: left, quote: leftQuote, taken: 0n })
  }
  return { realized, open: lots.map((lot) => ({ qty: lot.qty - lot.taken, quote: lot.quote - costOf(lot) })) }
}

const trade = fc.tuple(fc.constantFrom('buy' as const, 'sell' as const), fc.bigInt(1n, 10n ** 6n), fc.bigInt(1n, 10n ** 9n))

describe('first in, first out', () => {
  it('closes the oldest lots first, and parts of them', () => {
    const { open, held } = traded([
      ['buy', 2n, 200n],
      ['buy', 2n, 300n],
      ['sell', 3n, 600n],
    ])
    assert.deepEqual(open, [{ qty: 1n, quote: 150n }])
    // 600 received for lots of 200 and half of 300
    assert.deepEqual(held, { qty: 1n, cost: 150n, realized: 250n })
  })

  it('turns from long to short in one trade, and gains by buying back cheaper', () => {
    const turned = traded([
      ['buy', 1n, 100n],
      ['sell', 3n, 450n],
    ])
    assert.deepEqual(turned.held, { qty: -2n, cost: -300n, realized: 50n })
    const back = traded([
      ['buy', 1n, 100n],
      ['sell', 3n, 450n],
      ['buy', 2n, 200n],
    ])
    assert.deepEqual(back.held, { qty: 0n, cost: 0n, realized: 150n })
    assert.deepEqual(back.open, [])
  })

  it('is a list of lots, told by totals', () => {
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 40 }), (trades) => {
        const { open, held } = traded(trades)
        const listed = naive(trades)
        assert.deepEqual(open, listed.open)
        assert.equal(held.realized, listed.realized)
        const cash = trades.reduce((sum, [side, , quote]) => sum + (side === 'buy' ? quote : -quote), 0n)
        assert.equal(held.cost - held.realized, cash)
        const size = held.qty < 0n ? -held.qty : held.qty
        assert.equal(
          open.reduce((sum, { qty }) => sum + qty, 0n),
          size,
        )
      }),
    )
  })

  it('leaves a busted trade as if it had never been, in lots and in both methods', () => {
    const story = fc.array(fc.record({ trade, busted: fc.boolean() }), { maxLength: 20 })
    fc.assert(
      fc.property(story, fc.nat(), (trades, seed) => {
        const all = trades.map(({ trade: one }, n) => booked(n, one))
        const busts = trades.flatMap(({ trade: one, busted }, n) => (busted ? [canceled(n, one)] : []))
        // busts come some time after their trades, in an order of their own
        const mixed: (Booked | Canceled)[] = [...all]
        for (const [n, bust] of busts.entries()) {
          const from = mixed.findIndex((event) => event.data.execId === bust.data.execRefId) + 1
          mixed.splice(from + ((seed + n * 7) % (mixed.length - from + 1)), 0, bust)
        }
        assert.deepEqual(told(mixed), told(all.filter((_, n) => !trades[n]!.busted)))
      }),
    )
  })
})

type Booked = Extract<AccountEvent, { type: 'TradeBooked' }>
type Canceled = Extract<AccountEvent, { type: 'TradeCanceled' }>
const common = (n: number, side: 'buy' | 'sell') => ({
  ...{ orderId: `a.${n + 1}`, symbol: 'SOL/USDC', side, base: 'SOL', quote: 'USDC', baseDecimals: 9, quoteDecimals: 6, at: 1_000 + n },
})
const booked = (n: number, [side, base, quote]: Trade): Booked => ({
  type: 'TradeBooked',
  data: {
    ...{ ...common(n, side), execId: `a.${n + 1}.1.1`, attempt: 1, generation: 1, signature: `s${n}` },
    ...{ lastQty: String(base), lastQuote: String(quote), released: { asset: 'USDC', amount: '0' }, ordStatus: 'Filled' },
  },
})
const canceled = (n: number, [side, base, quote]: Trade): Canceled => ({
  type: 'TradeCanceled',
  data: {
    ...{ ...common(n, side), execId: `a.${n + 1}.1.1x`, execRefId: `a.${n + 1}.1.1`, reserved: { asset: 'USDC', amount: '0' } },
    busted: { qty: String(base), quote: String(quote) },
    ordStatus: null,
    compensates: {
      cause: { type: 'TransactionVanished', ref: String(n + 1), attempt: 1 },
      ...{ command: 'x', reverses: 'trade', effect: { asset: 'USDC', amount: '0' } },
    },
  },
})

/** What the read models tell after these events: open lots, totals and average cost, without the numbers of events. */
const told = (events: readonly AccountEvent[]) => {
  const rows: RowSets = createRowSets()
  // the projector loads them when a trade is canceled
  rows.fill(executionsTable, [['a', 'SOL/USDC']], [])
  for (const [n, event] of events.entries()) {
    const fact: AccountFact = { event, accountId: 'a', revision: BigInt(n), position: BigInt(n * 10) }
    for (const model of [executions, positions, lotQueues]) model.apply(fact, rows)
    rows.keep()
  }
  const [queue] = [...rows.of(lotQueuesTable).all()]
  const [held] = [...rows.of(positionsTable).all()]
  const lots = [...rows.of(lotsTable).all()].sort((a, b) => (a.openedRevision < b.openedRevision ? -1 : 1))
  return {
    totals: totalsOf(queue ?? NO_LOTS),
    open: lots.flatMap((lot) => {
      const part = queue && openPart(queue, lot)
      return part ? [{ execId: lot.execId, at: lot.openedAt, ...part }] : []
    }),
    average: held ? [held.qty, held.cost, held.realized] : [0n, 0n, 0n],
  }
}
