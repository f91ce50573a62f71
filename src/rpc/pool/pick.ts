import type { Endpoint } from './endpoint.ts'
import type { Decision } from './meters.ts'

/** Decides whom to ask, best first: whoever can serve, is about as fast as the fastest, in proportion to the weights. */
export interface Picker {
  order(endpoints: readonly Endpoint[], method: string): readonly Endpoint[]
}

/** This close to the fastest counts as equally fast: then weights decide, so that no endpoint takes everything for a millisecond. */
const AS_FAST = 2
const AS_FAST_MS = 3

type Skip = Extract<Decision, `skipped_${string}`>

export const createPicker = (skipped: (why: Skip, endpoint: string) => void): Picker => {
  /** Smooth weighted round robin: each turn everyone gains its weight, the winner pays all of them. */
  const credit = new Map<string, number>()

  const turn = (candidates: readonly Endpoint[]): Endpoint | undefined => {
    let best: Endpoint | undefined
    let total = 0
    for (const each of candidates) {
      total += each.weight
      const has = (credit.get(each.name) ?? 0) + each.weight
      credit.set(each.name, has)
      if (!best || has > (credit.get(best.name) ?? 0)) best = each
    }
    if (best) credit.set(best.name, (credit.get(best.name) ?? 0) - total)
    return best
  }

  return {
    order: (endpoints, method) => {
      if (endpoints.length === 1) return endpoints
      const rated = endpoints.map((endpoint) => {
        const why = unfit(endpoint, method)
        if (why !== undefined) skipped(why, endpoint.name)
        return { endpoint, rank: why === undefined ? 0 : LAST_RESORT.indexOf(why) + 1, ms: expectedMs(endpoint, method) }
      })
      const fit = rated.filter(({ rank }) => rank === 0)
      const fastest = Math.min(...fit.map(({ ms }) => ms))
      const equal = fit.filter(({ ms }) => ms <= Math.max(fastest * AS_FAST, fastest + AS_FAST_MS)).map(({ endpoint }) => endpoint)
      const first = turn(equal)
      const rest = rated.filter(({ endpoint }) => endpoint !== first)
      rest.sort((a, b) => a.rank - b.rank || a.ms - b.ms)
      return [...(first ? [first] : []), ...rest.map(({ endpoint }) => endpoint)]
    },
  }
}

/** The unfit come last, those that may still answer before those that can't: nobody is ever left out. */
const LAST_RESORT: readonly Skip[] = ['skipped_behind', 'skipped_set_aside', 'skipped_limited', 'skipped_ahead']

const unfit = (endpoint: Endpoint, method: string): Skip | undefined => {
  if (endpoint.limiter.waitMs(method) > 0) return 'skipped_limited'
  switch (endpoint.state()) {
    case 'set_aside':
    case 'suspect':
      return 'skipped_set_aside'
    case 'behind':
      return 'skipped_behind'
    case 'ahead':
      return 'skipped_ahead'
    default:
      return undefined
  }
}

/** What an answer will take: its average, or longer if something it was asked has waited longer already. */
const expectedMs = (endpoint: Endpoint, method: string): number => Math.max(endpoint.latency.average(method) ?? 0, endpoint.waiting())
