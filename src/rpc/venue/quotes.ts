import type { PriceCitation, Side } from '../../events/fields.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import type { Registry } from '../../platform/metrics.ts'
import { createMarketData, type MarketData, QUOTE_MAX_AGE_MS } from '../market-data/market-data.ts'
import type { MarketSource } from '../market-data/source.ts'
import { venueSource } from './price-source.ts'
import type { SwapRequest, SwapVenue } from './venue.ts'

export interface QuoteDeps {
  readonly venue: SwapVenue
  readonly instruments: { all(): readonly Instrument[] }
  readonly clock: Clock
  readonly log: Logger
  readonly registry?: Registry
  readonly pollMs?: number
  /** Markets that are not priced by the venue, and by what instead. */
  readonly instead?: readonly { readonly symbol: string; readonly source: MarketSource }[]
}

/** The part of an order that decides its route. */
export interface RoutedOrder {
  readonly side: Side
  readonly orderQty: bigint | null
  readonly cashOrderQty: bigint | null
}

/** Prices of all instruments, and route probes. */
export interface Quotes extends MarketData {
  /** The newest mid price, if it is not older than 2 s and nothing is missing before it. */
  mid(symbol: string): PriceCitation | undefined
  /** Whether the venue could fill the order now, at whatever price. */
  route(order: RoutedOrder, instrument: Instrument): Promise<'available' | 'none' | 'unavailable'>
}

const POLL_MS = 500
/** Who a route probe is for: the venue wants a wallet, any point on the curve. */
const NOBODY = '11111111111111111111111111111111'

export const createQuotes = ({ venue, instruments, clock, log, registry, pollMs = POLL_MS, instead = [] }: QuoteDeps): Quotes => {
  const except = new Set(instead.map(({ symbol }) => symbol))
  const polled = venueSource({ venue, instruments, clock, pollMs, silenceMs: QUOTE_MAX_AGE_MS, except })
  const market = createMarketData({ sources: [polled, ...instead.map(({ source }) => source)], clock, log, registry })
  return {
    ...market,
    route: async (order, instrument) => {
      const answer = await venue.quote({ ...swapOf(order, instrument), taker: NOBODY })
      if (answer.ok) return 'available'
      return answer.error.kind === 'no_route' ? 'none' : 'unavailable'
    },
  }
}

/** The swap an order asks for: the side whose amount it names is the exact one. */
const swapOf = (order: RoutedOrder, { base, quote }: Pick<Instrument, 'base' | 'quote'>): Omit<SwapRequest, 'taker'> => {
  const [input, output] = order.side === 'buy' ? [quote, base] : [base, quote]
  const byQuantity = order.orderQty !== null
  const exactIn = byQuantity === (order.side === 'sell')
  return {
    mode: exactIn ? 'exact_in' : 'exact_out',
    inputMint: input.mint,
    outputMint: output.mint,
    amount: order.orderQty ?? order.cashOrderQty ?? 0n,
  }
}
