import type { Endpoint } from './endpoint.ts'
import type { Decision } from './meters.ts'

/** Decides whom to ask: whoever can serve and is about as fast as the fastest, in proportion to the weights. */
export interface Picker {
  order(endpoints: readonly Endpoint[], method: string): Order
}

export interface Order {
  /** Best first. */
  readonly fit: readonly Endpoint[]
  /** To be asked only when the fit have failed: in doubt, behind or set aside. */
  readonly lastResort: readonly Endpoint[]
  /** When the first of those that may not be asked now may be; 0 unless all are such. */
  readonly waitMs: number
}

/** This close to the fastest counts as equally fast: then weights decide, so that no endpoint takes everything for a millisecond. */
const AS_FAST = 2
const AS_FAST_MS = 5
/** What was learnt of a method longer ago says less than how the endpoint's newest probe compares with the others'. */
const STALE_MS = 2_000
/** The method that every endpoint is probed with. */
const PROBE_METHOD = 'getSlot'

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
      const ranked = endpoints.map((endpoint) => {
        const why = unfit(endpoint, method)
        if (why !== undefined) skipped(why, endpoint.name)
        return { endpoint, why }
      })
      // Nobody to compare it with.
      if (ranked.length === 1 && ranked[0]?.why === undefined) return { fit: endpoints, lastResort: [], waitMs: 0 }
      const able = ranked.filter(({ why }) => why === undefined).map(({ endpoint }) => endpoint)
      const best = bestOf(able, method)
      const rated = able.map((endpoint) => ({ endpoint, ms: expectedMs(endpoint, method, best) }))
      const fastest = Math.min(...rated.map(({ ms }) => ms))
      const first = turn(rated.filter(({ ms }) => ms <= Math.max(fastest * AS_FAST, fastest + AS_FAST_MS)).map(({ endpoint }) => endpoint))
      const rest = rated.filter(({ endpoint }) => endpoint !== first).sort((a, b) => a.ms - b.ms)
      const fit = [...(first ? [first] : []), ...rest.map(({ endpoint }) => endpoint)]
      const lastResort = LAST_RESORT.flatMap((wanted) => ranked.filter(({ why }) => why === wanted).map(({ endpoint }) => endpoint))
      const limited = fit.length + lastResort.length > 0 ? [] : ranked.map(({ endpoint }) => endpoint.limiter.waitMs(method))
      return { fit, lastResort, waitMs: limited.length === 0 ? 0 : Math.min(...limited) }
    },
  }
}

/** Those that may still answer before those that can't. Whoever asked for a pause is not in it: it gets its pause. */
const LAST_RESORT: readonly Skip[] = ['skipped_behind', 'skipped_set_aside', 'skipped_ahead']

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

interface Best {
  readonly method: number
  readonly probe: number
}

/** The fastest of those that answered lately: of the method, and of the probe. */
const bestOf = (endpoints: readonly Endpoint[], method: string): Best => {
  const fresh = endpoints.filter(({ latency }) => latency.age(method) < STALE_MS)
  const least = (values: readonly (number | undefined)[]) => Math.min(...values.flatMap((value) => value ?? []))
  const known = least((fresh.length > 0 ? fresh : endpoints).map(({ latency }) => latency.average(method)))
  const probe = least(endpoints.map(({ latency }) => latency.average(PROBE_METHOD)))
  return { method: Number.isFinite(known) ? known : 0, probe: Number.isFinite(probe) ? probe : 0 }
}

/** What an answer will take: as lately, or as its probe compares; longer if something it was asked has waited longer already. */
const expectedMs = ({ latency, waiting }: Endpoint, method: string, best: Best): number => {
  const own = latency.average(method)
  const behind = Math.max(0, (latency.average(PROBE_METHOD) ?? best.probe) - best.probe)
  const likely = own === undefined || latency.age(method) > STALE_MS ? best.method + behind : own
  return Math.max(likely, waiting())
}
