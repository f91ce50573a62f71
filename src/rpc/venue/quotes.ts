import type { PriceCitation, Side } from '../../events/fields.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import type { Clock } from '../../platform/clock.ts'
import { divideHalfEven, formatPrice, PRICE_DECIMALS, pow10 } from '../../platform/decimal.ts'
import type { Logger } from '../../platform/log.ts'
import type { SwapRequest, SwapVenue } from './venue.ts'

export interface QuoteDeps {
  readonly venue: SwapVenue
  readonly instruments: { all(): readonly Instrument[] }
  readonly clock: Clock
  readonly log: Logger
  readonly pollMs?: number
}

/** The part of an order that decides its route. */
export interface RoutedOrder {
  readonly side: Side
  readonly orderQty: bigint | null
  readonly cashOrderQty: bigint | null
}

/** Mid prices of all instruments, polled in one call, and route probes. */
export interface Quotes {
  /** The newest mid price, if it is not older than 2 s. */
  mid(symbol: string): PriceCitation | undefined
  /** Whether the venue could fill the order now, at whatever price. */
  route(order: RoutedOrder, instrument: Instrument): Promise<'available' | 'none' | 'unavailable'>
  /** Called after each poll that brought prices. */
  onPoll(listener: () => void): void
  health(): { readonly ready: boolean; readonly detail?: string }
  close(): Promise<void>
}

/** A price older than this decides nothing. */
export const QUOTE_MAX_AGE_MS = 2_000
const POLL_MS = 500
/** Who a route probe is for: the venue wants a wallet, any point on the curve. */
const NOBODY = '11111111111111111111111111111111'

export const createQuotes = ({ venue, instruments, clock, log, pollMs = POLL_MS }: QuoteDeps): Quotes => {
  const mids = new Map<string, PriceCitation>()
  const listeners: (() => void)[] = []
  const stopping = new AbortController()
  let failure: string | undefined = 'no price yet'

  const poll = async (): Promise<void> => {
    const known = instruments.all()
    if (known.length === 0) return
    // Read before asking: a slow answer must look old, not fresh.
    const time = clock.now()
    const answer = await venue.prices([...new Set(known.flatMap(({ base, quote }) => [base.mint, quote.mint]))])
    if (!answer.ok) {
      failure = answer.error.detail
      return
    }
    failure = undefined
    const byMint = new Map(answer.value.map((price) => [price.mint, price]))
    for (const { symbol, base, quote } of known) {
      const [b, q] = [byMint.get(base.mint), byMint.get(quote.mint)]
      if (!b || !q) continue
      const price = divideHalfEven(b.price * pow10(PRICE_DECIMALS), q.price)
      if (price > 0n) mids.set(symbol, { price: formatPrice(price), sourceId: `venue:${b.slot}`, time })
    }
    for (const listener of listeners) listener()
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await poll().catch((error: unknown) => log.error({ err: error }, 'polling prices failed'))
      await clock.sleep(pollMs, stopping.signal).catch(() => undefined)
    }
  }
  const running = run()

  return {
    mid: (symbol) => {
      const newest = mids.get(symbol)
      return newest && clock.now() - newest.time <= QUOTE_MAX_AGE_MS ? newest : undefined
    },
    route: async (order, instrument) => {
      const answer = await venue.quote({ ...swapOf(order, instrument), taker: NOBODY })
      if (answer.ok) return 'available'
      return answer.error.kind === 'no_route' ? 'none' : 'unavailable'
    },
    onPoll: (listener) => {
      listeners.push(listener)
    },
    health: () => {
      const fresh = [...mids.values()].some(({ time }) => clock.now() - time <= QUOTE_MAX_AGE_MS)
      return fresh ? { ready: true } : { ready: false, detail: failure ?? 'prices are stale' }
    },
    close: async () => {
      stopping.abort(new Error('closed'))
      await running
    },
  }
}

/** The swap an order asks for: the side whose amount it names is the exact one. */
export const swapOf = (order: RoutedOrder, { base, quote }: Pick<Instrument, 'base' | 'quote'>): Omit<SwapRequest, 'taker'> => {
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
