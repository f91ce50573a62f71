/** How long an endpoint takes, by method: a moving average to choose by and a 95th percentile to hedge after. In ms. */
export interface Latency {
  note(method: string, ms: number): void
  /** Undefined before the method's first answer. */
  average(method: string): number | undefined
  /** Since the method's last answer; infinite before the first. */
  age(method: string): number
  /** Undefined until enough is known. */
  p95(method: string): number | undefined
  methods(): readonly string[]
}

/** The least that the newest answer counts: then about the last twenty make the average. */
const NEWEST = 0.1
/** What is older counts the less, however few answers came since: an endpoint that is only probed is known by its last probes. */
const FADES_MS = 2_000
/** Half a minute of a busy method; sorted only when asked after a change. */
const KEPT = 64
/** A percentile of fewer says nothing. */
const LEAST = 8

interface Known {
  average: number
  at: number
  count: number
  readonly ring: number[]
  p95: number | undefined
}

export const createLatency = (now: () => number): Latency => {
  const known = new Map<string, Known>()
  return {
    note: (method, ms) => {
      const at = now()
      const before = known.get(method)
      if (!before) {
        known.set(method, { average: ms, at, count: 1, ring: [ms], p95: undefined })
        return
      }
      before.average += Math.max(NEWEST, 1 - Math.exp((before.at - at) / FADES_MS)) * (ms - before.average)
      before.at = at
      before.ring[before.count % KEPT] = ms
      before.count++
      before.p95 = undefined
    },
    average: (method) => known.get(method)?.average,
    age: (method) => now() - (known.get(method)?.at ?? Number.NEGATIVE_INFINITY),
    p95: (method) => {
      const of = known.get(method)
      if (!of || of.ring.length < LEAST) return undefined
      of.p95 ??= [...of.ring].sort((a, b) => a - b)[Math.ceil(of.ring.length * 0.95) - 1]
      return of.p95
    },
    methods: () => [...known.keys()],
  }
}
