import type { PriceCitation } from '../../events/fields.ts'
import type { Clock } from '../../platform/clock.ts'
import { formatPrice } from '../../platform/decimal.ts'
import type { Health } from '../../platform/health.ts'
import type { Logger } from '../../platform/log.ts'
import { Counter, Gauge, type Registry } from '../../platform/metrics.ts'
import { type Followed, judgeTick } from './gaps.ts'
import type { MarketSource, MarketTick } from './source.ts'

/** A price older than this decides nothing. */
export const QUOTE_MAX_AGE_MS = 2_000
const FIRST_RETRY_MS = 250
/** A source that is away is asked this often: once it is back, orders wait no longer than that for a price. */
const LAST_RETRY_MS = 1_000

/** A tick as listeners hear it. */
export interface HeardTick extends MarketTick {
  /** It follows on lost ones: it counts, but triggers nothing by itself. */
  readonly afterGap: boolean
}

export interface MarketDataDeps {
  readonly sources: readonly MarketSource[]
  readonly clock: Clock
  readonly log: Logger
  readonly registry?: Registry | undefined
}

/** Prices of all symbols, from any number of sources, each followed for good. */
export interface MarketData {
  /** The newest price as one may cite it: at most 2 s old, and nothing is missing just before it. */
  mid(symbol: string): PriceCitation | undefined
  /** Called with every batch of ticks that is not a repetition, those after a gap included. */
  onTicks(listener: (ticks: readonly HeardTick[]) => void): void
  health(): Health
  close(): Promise<void>
}

/** Follows every source until closed: one that faults is asked again, later each time. Gaps are counted, and withhold the price across them. */
export const createMarketData = ({ sources, clock, log, registry }: MarketDataDeps): MarketData => {
  const followed = new Map<string, Followed>()
  const listeners: ((ticks: readonly HeardTick[]) => void)[] = []
  const stopping = new AbortController()
  const metrics = registry && marketMetrics(registry, clock, followed)
  let failure: string | undefined = 'no price yet'

  const take = (source: MarketSource, ticks: readonly MarketTick[]): void => {
    const fresh: HeardTick[] = []
    for (const tick of ticks) {
      const judged = judgeTick(followed.get(tick.symbol), tick, source.silenceMs)
      if (judged.kind === 'dropped') {
        metrics?.dropped.inc({ source: source.name })
        continue
      }
      if (judged.gap) {
        metrics?.gaps.inc({ source: source.name, symbol: tick.symbol, reason: judged.gap })
        log.warn({ source: source.name, symbol: tick.symbol, reason: judged.gap, sourceId: tick.sourceId }, 'market data has a gap')
      }
      followed.set(tick.symbol, judged.next)
      fresh.push({ ...tick, afterGap: judged.next.gap })
    }
    metrics?.ticks.inc({ source: source.name }, fresh.length)
    if (fresh.length > 0) for (const listener of listeners) listener(fresh)
  }

  const follow = async (source: MarketSource): Promise<void> => {
    let faults = 0
    while (!stopping.signal.aborted) {
      try {
        for await (const ticks of source.stream(stopping.signal)) {
          faults = 0
          failure = undefined
          take(source, ticks)
        }
        if (!stopping.signal.aborted) log.info({ source: source.name }, 'the source has no more market data')
        return
      } catch (error) {
        if (stopping.signal.aborted) return
        failure = error instanceof Error ? error.message : String(error)
        metrics?.reconnects.inc({ source: source.name })
        // the first fault is news, the ones after it only say that it lasts
        log[faults === 0 ? 'warn' : 'debug']({ source: source.name, detail: failure }, 'market data was interrupted')
        await clock.sleep(Math.min(FIRST_RETRY_MS * 2 ** faults++, LAST_RETRY_MS), stopping.signal).catch(() => undefined)
      }
    }
  }
  const following = sources.map(follow)

  return {
    mid: (symbol) => {
      const known = followed.get(symbol)
      if (!known || known.gap || clock.now() - known.last.time > QUOTE_MAX_AGE_MS) return undefined
      const { price, sourceId, time } = known.last
      return { price: formatPrice(price), sourceId, time }
    },
    onTicks: (listener) => {
      listeners.push(listener)
    },
    health: () => {
      const fresh = [...followed.values()].some(({ last }) => clock.now() - last.time <= QUOTE_MAX_AGE_MS)
      return fresh ? { ready: true } : { ready: false, detail: failure ?? 'prices are stale' }
    },
    close: async () => {
      stopping.abort(new Error('closed'))
      await Promise.all(following)
    },
  }
}

const marketMetrics = (registry: Registry, clock: Clock, followed: ReadonlyMap<string, Followed>) => {
  const registers = [registry]
  new Gauge({
    name: 'quantbot_market_tick_age_seconds',
    help: 'Age of the newest price of a symbol',
    labelNames: ['symbol'] as const,
    registers,
    collect() {
      for (const [symbol, { last }] of followed) this.set({ symbol }, Math.max(0, clock.now() - last.time) / 1_000)
    },
  })
  return {
    ticks: new Counter({
      name: 'quantbot_market_ticks_total',
      help: 'Ticks taken from a source',
      labelNames: ['source'] as const,
      registers,
    }),
    dropped: new Counter({
      name: 'quantbot_market_dropped_total',
      help: 'Ticks delivered twice or late',
      labelNames: ['source'] as const,
      registers,
    }),
    gaps: new Counter({
      name: 'quantbot_market_gaps_total',
      help: 'Gaps in market data: numbers that never came, or a symbol silent for too long',
      labelNames: ['source', 'symbol', 'reason'] as const,
      registers,
    }),
    reconnects: new Counter({
      name: 'quantbot_market_reconnects_total',
      help: 'Times a source had to be asked again',
      labelNames: ['source'] as const,
      registers,
    }),
  }
}
