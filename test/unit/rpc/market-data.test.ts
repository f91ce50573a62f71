import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Clock } from '../../../src/platform/clock.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { judgeTick } from '../../../src/rpc/market-data/gaps.ts'
import { createMarketData, type MarketData } from '../../../src/rpc/market-data/market-data.ts'
import { replaySource } from '../../../src/rpc/market-data/replay-source.ts'
import type { MarketSource, MarketTick } from '../../../src/rpc/market-data/source.ts'
import { realDataOrSkip } from '../../support/real-data.ts'

const log = createLog('test', 'silent')
const tick = (sequence: number | null, time: number, price = 100n): MarketTick => ({
  ...{ symbol: 'SOL/USDC', price: price * 10n ** 12n, volume: 0n, sourceId: `t:${sequence}`, time, sequence },
})

/** A clock whose sleeps end at once and move it on. */
const jumpingClock = (from = 1_000): Clock & { at: number } => {
  const clock = {
    at: from,
    now: () => clock.at,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted()
      clock.at += ms
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
  return clock
}

/** Plays lists of ticks; a fault stands for a connection that broke. */
const scripted = (parts: readonly (readonly MarketTick[] | Error)[], silenceMs: number | null = null): MarketSource => {
  let next = 0
  return {
    name: 'script',
    silenceMs,
    stream: async function* () {
      while (next < parts.length) {
        const part = parts[next++]!
        if (part instanceof Error) throw part
        yield part as readonly MarketTick[]
      }
    },
  }
}
const ended = async (market: MarketData): Promise<MarketData> => {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  return market
}

describe('market data', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'qb-market-'))
  })
  after(() => rm(dir, { recursive: true }))

  it('takes ticks in sequence, drops repetitions, and tells a gap by the numbers or by silence', () => {
    const known = { last: tick(5, 1_000), gap: false }
    assert.deepEqual(judgeTick(known, tick(6, 1_001), null), {
      ...{ kind: 'taken', next: { last: tick(6, 1_001), gap: false }, gap: undefined },
    })
    assert.deepEqual(judgeTick(known, tick(5, 1_001), null), { kind: 'dropped' })
    const jumped = judgeTick(known, tick(8, 1_001), null)
    assert(jumped.kind === 'taken' && jumped.gap === 'sequence' && jumped.next.gap)
    const closed = judgeTick(jumped.next, tick(9, 1_002), null)
    assert(closed.kind === 'taken' && !closed.next.gap && closed.gap === undefined)
    const silent = judgeTick({ last: tick(null, 1_000), gap: false }, tick(null, 3_001), 2_000)
    assert(silent.kind === 'taken' && silent.gap === 'silence' && !silent.next.gap)
    assert.deepEqual(judgeTick({ last: tick(null, 1_000), gap: false }, tick(null, 999), 2_000), { kind: 'dropped' })
  })

  it('gives out no price across a gap until the next tick follows, nor one older than two seconds', async () => {
    const clock = jumpingClock()
    const lost = await ended(createMarketData({ sources: [scripted([[tick(1, 1_000), tick(4, 1_000)]])], clock, log }))
    assert.equal(lost.mid('SOL/USDC'), undefined)
    const found = await ended(createMarketData({ sources: [scripted([[tick(1, 1_000), tick(4, 1_000), tick(5, 1_000)]])], clock, log }))
    assert.deepEqual(found.mid('SOL/USDC'), { price: '100', sourceId: 't:5', time: 1_000 })
    clock.at += 2_001
    assert.equal(found.mid('SOL/USDC'), undefined)
    assert.equal(found.health().ready, false)
    await Promise.all([lost.close(), found.close()])
  })

  it('asks a source again that broke, goes on behind what it had, and counts both', async () => {
    const clock = jumpingClock()
    const registry = createRegistry('test')
    const heard: string[] = []
    const source = scripted([[tick(1, 1_000)], new Error('cut'), new Error('still cut'), [tick(1, 1_000), tick(2, 1_600), tick(9, 1_700)]])
    const market = createMarketData({ sources: [source], clock, log, registry })
    market.onTicks((ticks) => heard.push(...ticks.map(({ sourceId }) => sourceId)))
    await ended(market)
    assert.deepEqual(heard, ['t:1', 't:2', 't:9'])
    const told = await registry.metrics()
    assert.match(told, /quantbot_market_reconnects_total\{source="script"[^}]*\} 2/)
    assert.match(told, /quantbot_market_gaps_total\{source="script",symbol="SOL\/USDC",reason="sequence"[^}]*\} 1/)
    assert.match(told, /quantbot_market_dropped_total\{source="script"[^}]*\} 1/)
    await market.close()
  })

  it('replays trades and candles of a file, packed or not, and refuses anything else', async () => {
    const trades = join(dir, 'trades.csv.gz')
    await writeFile(trades, gzipSync('trade_ms,trade_id,price,qty\n1000,7,61837.63000000,0.5\n1400,8,61838,1\n3000,9,61839,1'))
    const candles = join(dir, 'candles.csv')
    await writeFile(candles, 'ts_ms,open,high,low,close,volume\n60000,10,12,9,11,5\n')
    const odd = join(dir, 'odd.csv')
    await writeFile(odd, 'a,b\n1,2\n')
    const all = async (file: string): Promise<readonly MarketTick[]> => {
      const read: MarketTick[] = []
      const source = replaySource({ file, symbol: 'BTC/USDT', clock: jumpingClock(), pace: 'recorded' })
      for await (const ticks of source.stream(new AbortController().signal)) read.push(...ticks)
      return read
    }
    const [first, ...others] = await all(trades)
    assert.deepEqual(first, {
      ...{ symbol: 'BTC/USDT', price: 61_837_630_000_000_000n, volume: 500_000_000_000n, time: 1_000 },
      ...{ sequence: 7, sourceId: 'replay:trades:7' },
    })
    assert.equal(others.length, 2)
    const path = await all(candles)
    assert.deepEqual(
      path.map(({ price, volume, time }) => [price / 10n ** 12n, volume / 10n ** 12n, time]),
      [
        [10n, 0n, 60_000],
        [9n, 0n, 75_000],
        [12n, 0n, 90_000],
        [11n, 5n, 105_000],
      ],
    )
    await assert.rejects(all(odd), /neither trades nor candles/)
    await assert.rejects(all(join(dir, 'none.csv.gz')), /ENOENT/)
  })

  it('paces a replay by its own times, told as of now, and goes on after a fault where it was', async () => {
    const file = join(dir, 'paced.csv')
    await writeFile(file, 'trade_ms,trade_id,price,qty\n0,1,1,1\n100,2,1,1\n10000,3,1,1\n20000,4,1,1\n')
    const clock = jumpingClock(50_000)
    const source = replaySource({ file, symbol: 'A/B', clock, pace: 10 })
    const told: (readonly [number | null, number])[] = []
    for await (const ticks of source.stream(new AbortController().signal)) {
      told.push(...ticks.map(({ sequence, time }) => [sequence, time] as const))
      if (told.length === 3) break
    }
    for await (const ticks of source.stream(new AbortController().signal))
      told.push(...ticks.map((one) => [one.sequence, one.time] as const))
    assert.deepEqual(
      told.map(([sequence]) => sequence),
      [1, 2, 3, 4],
    )
    const [first, second, third] = told.map(([, time]) => time) as [number, number, number, number]
    assert.equal(first, second)
    assert.equal(third - first, 1_000)
  })

  it('replays the real trades without a gap', async function () {
    const file = realDataOrSkip(this, 'ticks/btcusdt_spot_trades_20240808.csv.gz')
    const registry = createRegistry('test')
    const source = replaySource({ file, symbol: 'BTC/USDT', clock: jumpingClock(), pace: 'recorded' })
    let count = 0
    const market = createMarketData({ sources: [source], clock: jumpingClock(), log, registry })
    market.onTicks((ticks) => {
      count += ticks.length
    })
    for (let i = 0; count < 19_904 && i < 500; i++) await new Promise((resolve) => setTimeout(resolve, 10))
    await market.close()
    assert.equal(count, 19_904)
    assert.doesNotMatch(await registry.metrics(), /quantbot_market_gaps_total\{/)
  })
})
