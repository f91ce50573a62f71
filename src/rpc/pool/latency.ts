/** How long an endpoint takes, by method: a moving average to choose by and a 95th percentile to hedge after. In ms. */
export interface Latency {
  note(method: string, ms: number): void
  /** Of the method, else of all methods; undefined before the first answer. */
  average(method: string): number | undefined
  /** Of the method; undefined until enough is known. */
  p95(method: string): number | undefined
  methods(): readonly string[]
}

/** A tenth for the newest: about the last twenty answers count. */
const NEWEST = 0.1
/** Half a minute of a busy method; sorted only when asked after a change. */
const KEPT = 64
/** A percentile of fewer says nothing. */
const LEAST = 8

export const createLatency = (): Latency => {
  const averages = new Map<string, number>()
  const samples = new Map<string, { readonly ring: number[]; at: number; p95: number | undefined }>()
  let all: number | undefined

  return {
    note: (method, ms) => {
      const before = averages.get(method)
      averages.set(method, before === undefined ? ms : before + NEWEST * (ms - before))
      all = all === undefined ? ms : all + NEWEST * (ms - all)
      const known = samples.get(method) ?? { ring: [], at: 0, p95: undefined }
      known.ring[known.at % KEPT] = ms
      known.at++
      known.p95 = undefined
      samples.set(method, known)
    },
    average: (method) => averages.get(method) ?? all,
    p95: (method) => {
      const known = samples.get(method)
      if (!known || known.ring.length < LEAST) return undefined
      known.p95 ??= [...known.ring].sort((a, b) => a - b)[Math.ceil(known.ring.length * 0.95) - 1]
      return known.p95
    },
    methods: () => [...averages.keys()],
  }
}
