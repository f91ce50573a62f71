import type { Clock } from '../../platform/clock.ts'
import { RpcFailure, toFailure } from '../chain-error.ts'
import type { Endpoint } from './endpoint.ts'
import type { Meters } from './meters.ts'
import type { Order } from './pick.ts'

/** Asks one endpoint after the other until one answers; a second one early, when the first is slower than it nearly always is. */
export interface Hedger {
  run<T>(
    order: Pick<Order, 'fit' | 'lastResort'>,
    method: string,
    ask: (endpoint: Endpoint, signal?: AbortSignal) => Promise<T>,
  ): Promise<T>
}

/** At most one read in twenty is asked twice: more would turn a slow moment of all endpoints into a breakdown. */
const BUDGET = 0.05
/** Saved up at most: a burst of hedges when one endpoint hangs. */
const SAVED = 10
/** Before a percentile is known. */
const UNKNOWN_P95_MS = 250
/** Below this the timers and the event loop are measured, not the endpoint. */
const LEAST_DELAY_MS = 5
/** This many times the usual is no slow answer any more: the next endpoint is asked as after a failure, out of no budget. */
const STALLED = 10
const LEAST_STALL_MS = 250

export const createHedger = (meters: Meters, clock: Clock): Hedger => {
  let budget = 1

  return {
    run: async <T>(
      { fit, lastResort }: Pick<Order, 'fit' | 'lastResort'>,
      method: string,
      ask: (endpoint: Endpoint, signal?: AbortSignal) => Promise<T>,
    ): Promise<T> => {
      budget = Math.min(SAVED, budget + BUDGET)
      const order = [...fit, ...lastResort]
      const [lone, other] = order
      if (lone && !other) {
        // Nobody to race with: the race's timers and promises would cost as much as the call.
        meters.decided('asked', lone.name)
        return ask(lone).catch((error: unknown) => {
          throw toFailure(error)
        })
      }
      const lost = new AbortController()
      const running = new Map<Endpoint, Promise<Settled<T>>>()
      const failures: RpcFailure[] = []
      let next = 0
      let hedge: Endpoint | undefined
      let stage: 'hedge' | 'stalled' = 'hedge'
      const start = (): Endpoint | undefined => {
        const endpoint = order[next++]
        if (!endpoint) return undefined
        running.set(
          endpoint,
          ask(endpoint, lost.signal).then(
            (value): Settled<T> => ({ endpoint, ok: true, value }),
            (error: unknown): Settled<T> => ({ endpoint, ok: false, failure: toFailure(error) }),
          ),
        )
        return endpoint
      }
      const first = start()
      if (!first) throw new RpcFailure('broken', 'no endpoint is configured')
      meters.decided('asked', first.name)
      const timer = new AbortController()
      // A slow endpoint is measured by the others, not by itself.
      const known = order.flatMap(({ latency }) => latency.p95(method) ?? [])
      const usual = Math.max(LEAST_DELAY_MS, known.length === 0 ? UNKNOWN_P95_MS : Math.min(...known))
      const after = (ms: number) =>
        clock.sleep(ms, timer.signal).then(
          () => 'late' as const,
          () => 'late' as const,
        )
      let late: Promise<'late'> | undefined = after(usual)
      try {
        for (;;) {
          const settled: Settled<T> | 'late' = await Promise.race([...running.values(), ...(late ? [late] : [])])
          if (settled === 'late') {
            late = undefined
            // Twice only where an answer is likely: an endpoint in doubt is for when there is none.
            if (next >= fit.length) continue
            if (stage === 'hedge') {
              stage = 'stalled'
              late = after(Math.max(LEAST_STALL_MS, STALLED * usual))
              if (budget < 1) meters.decided('hedge_denied', first.name)
              else {
                budget -= 1
                hedge = start()
                if (hedge) meters.decided('hedged', hedge.name)
              }
            } else {
              const other = start()
              if (other) meters.decided('stalled', first.name)
            }
            continue
          }
          running.delete(settled.endpoint)
          if (settled.ok) {
            if (settled.endpoint === hedge) meters.decided('hedge_won', settled.endpoint.name)
            return settled.value
          }
          failures.push(settled.failure)
          // The question itself was refused: another endpoint would say the same.
          if (settled.failure.fault === 'refused') throw settled.failure
          const other = running.size === 0 ? start() : undefined
          if (other) meters.decided('failed_over', other.name)
          if (running.size === 0) throw worst(failures)
        }
      } finally {
        timer.abort(DECIDED)
        if (running.size > 0) lost.abort(DECIDED)
      }
    },
  }
}

/** One for all: an error of its own for each read would cost more than the read's bookkeeping. */
const DECIDED = new RpcFailure('given_up', 'another endpoint was faster')

type Settled<T> =
  | { readonly endpoint: Endpoint; readonly ok: true; readonly value: T }
  | { readonly endpoint: Endpoint; readonly ok: false; readonly failure: RpcFailure }

/** The failure that tells most: what an endpoint said before what we did not ask. */
const worst = (failures: readonly RpcFailure[]): RpcFailure =>
  failures.find(({ fault }) => fault !== 'not_asked' && fault !== 'given_up') ?? failures[0] ?? new RpcFailure('broken', 'nobody answered')
