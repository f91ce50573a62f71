import { Counter, type Registry } from '../../platform/metrics.ts'
import type { SwapQuote, SwapRequest, SwapVenue, VenueAnswer } from './venue.ts'

/** Several venues as one: each swap is built where its quote is best, else where the next best is. Prices and managed landing come from the first. */
export const bestOf = (venues: readonly NamedVenue[], registry: Registry): SwapVenue => {
  const [first] = venues
  if (!first) throw new Error('no venue')
  const routed = new Counter({
    name: 'quantbot_venue_routed_total',
    help: 'Swaps by the venue that they were built at',
    labelNames: ['venue'] as const,
    registers: [registry],
  })

  const quotes = async (request: SwapRequest): Promise<readonly Quoted[]> => {
    const answers = await Promise.all(venues.map(async ({ name, venue }) => ({ name, venue, answer: await venue.quote(request) })))
    return [...answers].sort((a, b) => compare(request, a.answer, b.answer))
  }

  return {
    quote: async (request) => (await quotes(request))[0]!.answer,
    build: async (request, terms) => {
      const ranked = await quotes(request)
      let failure: Extract<Awaited<ReturnType<SwapVenue['build']>>, { ok: false }> | undefined
      for (const { name, venue, answer } of ranked) {
        // Nobody is asked to build what he could not quote, but for the reason of the best of those.
        if (!answer.ok) {
          failure ??= answer
          continue
        }
        const built = await venue.build(request, terms)
        if (built.ok) {
          routed.inc({ venue: name })
          return built
        }
        failure ??= built
      }
      return failure ?? { ok: false, error: { kind: 'unavailable', detail: 'no venue answers' } }
    },
    managed: first.venue.managed,
    prices: first.venue.prices,
    health: first.venue.health,
    close: async () => {
      await Promise.all(venues.map(({ venue }) => venue.close()))
    },
  }
}

export interface NamedVenue {
  readonly name: string
  readonly venue: SwapVenue
}

interface Quoted extends NamedVenue {
  readonly answer: VenueAnswer<SwapQuote>
}

/** Most out, or least in, first; answers before refusals, and "no" before "don't know": only all together can say that there is no route. */
const compare = ({ mode }: SwapRequest, a: VenueAnswer<SwapQuote>, b: VenueAnswer<SwapQuote>): number => {
  if (a.ok && b.ok) {
    const [better, worse] = mode === 'exact_in' ? [a.value.outAmount, b.value.outAmount] : [b.value.inAmount, a.value.inAmount]
    return better > worse ? -1 : better < worse ? 1 : 0
  }
  if (a.ok || b.ok) return a.ok ? -1 : 1
  return Number(a.error.kind === 'no_route') - Number(b.error.kind === 'no_route')
}
