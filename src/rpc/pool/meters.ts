import { Counter, Gauge, Histogram, type Registry } from '../../platform/metrics.ts'

/** What the pool decided, each a label of one counter. */
export type Decision =
  | 'asked'
  | 'failed_over'
  | 'hedged'
  | 'hedge_won'
  | 'hedge_denied'
  | 'stalled'
  | 'skipped_set_aside'
  | 'skipped_limited'
  | 'skipped_behind'
  | 'skipped_ahead'
  | 'set_aside'
  | 'taken_back'
  | 'paced'
  | 'tried_again'
  | 'sent'
  | 'not_sent_limited'
  | 'refused_stale'
  | 'refused_ahead'
  | 'limited'
  | 'deduplicated'
  | 'coalesced'
  | 'shared'
  | 'batched'
  | 'batching_off'
  | 'min_slot_off'
  | 'probed'
  | 'added'
  | 'removed'
  | 'socket_opened'
  | 'socket_lost'
  | 'socket_gap'
  | 'socket_told'

export interface EndpointReading {
  readonly endpoint: string
  readonly state: string
  readonly weight: number
  readonly lagSlots: number
  readonly rate: number | undefined
  readonly latency: readonly { readonly method: string; readonly ms: number }[]
}

export interface Meters {
  decided(decision: Decision, endpoint?: string, count?: number): void
  called(endpoint: string, method: string, outcome: string, seconds: number): void
}

/** The pool's metrics, one set per process; gauges read the endpoints when they are scraped. */
export const createMeters = (registry: Registry, read: () => readonly EndpointReading[]): Meters => {
  const calls = new Histogram({
    name: 'quantbot_rpc_call_seconds',
    help: 'Solana RPC calls by endpoint, method and outcome',
    labelNames: ['endpoint', 'method', 'outcome'] as const,
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 4],
    registers: [registry],
  })
  const decisions = new Counter({
    name: 'quantbot_rpc_decisions_total',
    help: 'What the RPC pool decided, and on which endpoint',
    labelNames: ['decision', 'endpoint'] as const,
    registers: [registry],
  })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[], collect: (set: Gauge<L>) => void) =>
    new Gauge<L>({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        // What was removed is not shown any more.
        this.reset()
        collect(this)
      },
    })
  gauge('quantbot_rpc_endpoint_state', 'State of each RPC endpoint: 1 for the one it is in', ['endpoint', 'state'], (set) => {
    for (const { endpoint, state } of read()) set.set({ endpoint, state }, 1)
  })
  gauge('quantbot_rpc_endpoint_weight', 'Share of the traffic an endpoint is meant to have', ['endpoint'], (set) => {
    for (const { endpoint, weight } of read()) set.set({ endpoint }, weight)
  })
  gauge('quantbot_rpc_endpoint_lag_slots', 'Slots behind the other endpoints', ['endpoint'], (set) => {
    for (const { endpoint, lagSlots } of read()) set.set({ endpoint }, lagSlots)
  })
  gauge('quantbot_rpc_endpoint_rate_limit', 'Calls a second an endpoint is held to, where it has a limit', ['endpoint'], (set) => {
    for (const { endpoint, rate } of read()) if (rate !== undefined) set.set({ endpoint }, rate)
  })
  gauge('quantbot_rpc_latency_seconds', 'Moving average of the answer time by endpoint and method', ['endpoint', 'method'], (set) => {
    for (const { endpoint, latency } of read()) for (const { method, ms } of latency) set.set({ endpoint, method }, ms / 1_000)
  })

  return {
    decided: (decision, endpoint = '', count = 1) => decisions.inc({ decision, endpoint }, count),
    called: (endpoint, method, outcome, seconds) => calls.observe({ endpoint, method, outcome }, seconds),
  }
}
