import type { Instrument } from '../../events/reference/reference-event.ts'
import type { Clock } from '../../platform/clock.ts'
import { divideHalfEven, PRICE_DECIMALS, pow10 } from '../../platform/decimal.ts'
import type { MarketSource, MarketTick } from '../market-data/source.ts'
import type { SwapVenue } from './venue.ts'

export interface VenueSourceOptions {
  readonly venue: Pick<SwapVenue, 'prices'>
  readonly instruments: { all(): readonly Instrument[] }
  readonly clock: Clock
  readonly pollMs: number
  readonly silenceMs: number
  /** Symbols that have another source. */
  readonly except?: ReadonlySet<string>
}

/** Mid prices of all instruments, asked of the venue in one call per poll. @throws from the stream when the venue does not answer */
export const venueSource = ({ venue, instruments, clock, pollMs, silenceMs, except }: VenueSourceOptions): MarketSource => {
  const poll = async (): Promise<readonly MarketTick[]> => {
    const known = instruments.all().filter(({ symbol }) => !except?.has(symbol))
    if (known.length === 0) return []
    // Read before asking: a slow answer must look old, not fresh.
    const time = clock.now()
    const answer = await venue.prices([...new Set(known.flatMap(({ base, quote }) => [base.mint, quote.mint]))])
    if (!answer.ok) throw new Error(answer.error.detail)
    const byMint = new Map(answer.value.map((price) => [price.mint, price]))
    return known.flatMap(({ symbol, base, quote }) => {
      const [b, q] = [byMint.get(base.mint), byMint.get(quote.mint)]
      const price = b && q && q.price > 0n ? divideHalfEven(b.price * pow10(PRICE_DECIMALS), q.price) : 0n
      return price > 0n ? [{ symbol, price, volume: 0n, sourceId: `venue:${b!.slot}`, time, sequence: null }] : []
    })
  }
  return {
    name: 'venue',
    silenceMs,
    stream: async function* (signal) {
      while (!signal.aborted) {
        yield await poll()
        await clock.sleep(pollMs, signal).catch(() => undefined)
      }
    },
  }
}
