import { bulkhead, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen, wrap } from 'cockatiel'
import { type Clock, monotonicMs } from '../../platform/clock.ts'
import type { EndpointHealth } from '../chain.ts'
import { fromRpcError, MIN_CONTEXT_SLOT, RpcFailure, toFailure } from '../chain-error.ts'
import { createBatcher } from './batcher.ts'
import { createTransport, type RpcCall } from './json-rpc.ts'
import { createLatency, type Latency } from './latency.ts'
import { createLimiter, type Limiter } from './limiter.ts'
import type { Meters } from './meters.ts'
import { MAX_LAG_SLOTS, type SlotBook } from './slot-book.ts'

export type EndpointState = EndpointHealth['state']

/** One RPC endpoint: kept-alive connections, a limit on every call's time, a breaker, bulkheads, and what was learnt of its speed, limits and lag. */
export interface Endpoint {
  /** Its number and host: keys in paths and queries stay out of logs, metrics and events. */
  readonly name: string
  readonly url: string
  /** Where it serves subscriptions. */
  readonly socketUrl: string
  readonly weight: number
  readonly latency: Latency
  readonly limiter: Limiter
  /** Runs one call, never retries. @throws RpcFailure */
  ask(call: RpcCall, options?: AskOptions): Promise<unknown>
  state(): EndpointState
  health(): EndpointHealth
  /** Ms that its longest waiting call has waited: a node that hangs shows before it times out. */
  waiting(): number
  /** Understands minContextSlot and keeps it; undefined: not probed yet. */
  keepsMinSlot(): boolean | undefined
  /** Asks for its slot: finds out lag, speed, recovery and, the first time, what it can do. */
  probe(): Promise<void>
  close(): Promise<void>
}

export interface AskOptions {
  readonly signal?: AbortSignal
  /** Not asked at all while it is over its limit: for calls that go to it and no other. */
  readonly ifAllowed?: boolean
}

export interface EndpointOptions {
  readonly url: string
  readonly name: string
  readonly weight: number
  readonly socketUrl: string
  readonly perSecond?: number | undefined
  readonly slots: SlotBook
  readonly meters: Meters
  readonly clock: Clock
}

/** Longer than any healthy call takes, shorter than a slot's worth of attention is worth: a dead node must not hold a landing back. */
const CALL_TIMEOUT_MS = 4_000
/** A probe asks the cheapest thing there is. */
const PROBE_TIMEOUT_MS = 1_500
/** Three in a row: one lost packet sets nobody aside. */
const FAILURES_TO_BREAK = 3
/** How long an endpoint stays set aside before one call probes it again. */
const PROBE_AFTER_MS = 1_500
/**
 * What one node serves well at once, more only queues there, unseen; and how many may wait for it here. Each lane has its own places and
 * batches: a send does not wait behind reads, and a call that tells of hundreds of transactions not behind a read for each of them.
 */
const LANES = {
  sends: { atOnce: 64, waiting: 512 },
  verdicts: { atOnce: 16, waiting: 512 },
  reads: { atOnce: 128, waiting: 4_096 },
} as const
type Lane = keyof typeof LANES

/** What landings are judged by. */
const VERDICTS: ReadonlySet<string> = new Set(['getSignatureStatuses', 'getEpochInfo', 'getLatestBlockhash', 'isBlockhashValid'])
const laneOf = (method: string): Lane => (method === SEND ? 'sends' : VERDICTS.has(method) ? 'verdicts' : 'reads')
const SEND = 'sendTransaction'
const TIMED_OUT = new RpcFailure('broken', 'no answer in time')
/** No chain is there yet. */
const FAR_SLOT = Number.MAX_SAFE_INTEGER - 1

export const createEndpoint = (options: EndpointOptions): Endpoint => {
  const { url, name, weight, socketUrl, slots, meters } = options
  const transport = createTransport(url, options.clock)
  const latency = createLatency(monotonicMs)
  const limiter = createLimiter({ now: monotonicMs, perSecond: options.perSecond })
  const breaker = circuitBreaker(
    handleWhen((error) => toFailure(error).fault === 'broken'),
    { halfOpenAfter: PROBE_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_BREAK) },
  )
  breaker.onBreak(() => meters.decided('set_aside', name))
  breaker.onReset(() => meters.decided('taken_back', name))
  const openLane = (lane: Lane) => ({
    batches: createBatcher(transport, name, meters),
    places: wrap(bulkhead(LANES[lane].atOnce, LANES[lane].waiting), breaker),
  })
  const lanes = { sends: openLane('sends'), verdicts: openLane('verdicts'), reads: openLane('reads') }
  const started = new Set<{ readonly at: number }>()
  let suspect: string | undefined
  let limitedUntil = 0
  let keepsMinSlot: boolean | undefined
  let probing = false
  let connected = false

  const single = async (call: RpcCall, signal: AbortSignal): Promise<unknown> => {
    const [answer] = await transport.post([call], { signal })
    if (answer && 'result' in answer) return answer.result
    throw answer ? fromRpcError(answer.error) : new RpcFailure('broken', 'no answer')
  }

  const learn = (call: RpcCall, failure: RpcFailure): void => {
    if (failure.fault === 'limited') {
      limiter.refused(call.method, failure)
      limitedUntil = monotonicMs() + limiter.waitMs(call.method)
      meters.decided('limited', name)
    }
    if (failure.fault === 'broken') suspect = failure.message
    if (failure.slot !== undefined) slots.note(name, 'confirmed', failure.slot)
  }

  const ask = async (call: RpcCall, timeoutMs: number, { signal }: AskOptions): Promise<unknown> => {
    const lane = lanes[laneOf(call.method)]
    const running = { at: monotonicMs() }
    const done = (outcome: string): number => {
      const ms = monotonicMs() - running.at
      meters.called(name, call.method, outcome, ms / 1_000)
      return ms
    }
    // Time counts from here: what waits before it waits for us, not for the endpoint.
    const run = (): Promise<unknown> => {
      if (signal?.aborted) throw new RpcFailure('given_up', 'another endpoint was faster')
      const over = new AbortController()
      // Their errors are made once: AbortSignal.timeout and any would make one for each call, and those add up to more than the call.
      const timer = setTimeout(() => over.abort(TIMED_OUT), timeoutMs)
      const givenUp = () => over.abort(signal?.reason)
      signal?.addEventListener('abort', givenUp, { once: true })
      running.at = monotonicMs()
      started.add(running)
      limiter.took(call.method)
      return lane.batches
        .ask(call, over.signal)
        .catch((error: unknown) => {
          // Given up by the caller says nothing of the endpoint; given up by the clock does.
          if (signal?.aborted) throw new RpcFailure('given_up', 'another endpoint was faster')
          throw over.signal.aborted ? new RpcFailure('broken', `no answer in ${timeoutMs} ms`) : toFailure(error)
        })
        .finally(() => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', givenUp)
        })
    }
    try {
      const result = await lane.places.execute(run)
      const ms = done('ok')
      // The first answer paid for the connection.
      if (connected) latency.note(call.method, ms)
      connected = true
      suspect = undefined
      return result
    } catch (error) {
      const failure = toFailure(error)
      const ms = done(failure.fault)
      // A refusal is an answer, and a call given up took at least as long as it did.
      const longer = ms > (latency.average(call.method) ?? Number.POSITIVE_INFINITY)
      if (failure.fault === 'refused' || (failure.fault === 'given_up' && longer)) latency.note(call.method, ms)
      learn(call, failure)
      throw failure
    } finally {
      started.delete(running)
    }
  }

  const state = (): EndpointState => {
    if (breaker.state !== CircuitState.Closed) return 'set_aside'
    if (slots.isAhead(name)) return 'ahead'
    if (suspect !== undefined) return 'suspect'
    if (monotonicMs() < limitedUntil) return 'limited'
    return slots.lag(name) > MAX_LAG_SLOTS ? 'behind' : 'healthy'
  }

  return {
    name,
    url,
    socketUrl,
    weight,
    latency,
    limiter,
    state,
    ask: async (call, given = {}) => {
      if (given.ifAllowed === true && limiter.waitMs(call.method) > 0) {
        if (call.method === SEND) meters.decided('not_sent_limited', name)
        throw new RpcFailure('not_asked', 'over its rate limit')
      }
      if (call.method === SEND) meters.decided('sent', name)
      return ask(call, CALL_TIMEOUT_MS, given)
    },
    health: () => {
      const now = state()
      const lagSlots = slots.lag(name)
      const detail = { healthy: undefined, behind: `${lagSlots} slots behind`, ahead: 'claims slots that nobody else has' }
      const told = { ...detail, limited: 'over its rate limit', suspect, set_aside: suspect ?? 'set aside after failures' }[now]
      return {
        endpoint: name,
        state: now,
        healthy: now === 'healthy' || now === 'limited',
        lagSlots,
        ...(told === undefined ? {} : { detail: told }),
      }
    },
    waiting: () => {
      // In the order they were started.
      const [longest] = started
      return longest ? monotonicMs() - longest.at : 0
    },
    keepsMinSlot: () => keepsMinSlot,
    probe: async () => {
      if (probing || limiter.waitMs('getSlot') > 0) return
      probing = true
      meters.decided('probed', name)
      try {
        const slot = await ask({ method: 'getSlot', params: [{ commitment: 'processed' }] }, PROBE_TIMEOUT_MS, {})
        if (typeof slot === 'number') slots.note(name, 'processed', slot)
        if (keepsMinSlot !== undefined) return
        const asked = monotonicMs()
        const far = { method: 'getSlot', params: [{ commitment: 'processed', minContextSlot: FAR_SLOT }] }
        keepsMinSlot = await single(far, AbortSignal.timeout(PROBE_TIMEOUT_MS)).then(
          () => false,
          (error: unknown) => (toFailure(error).fault === 'broken' ? undefined : toFailure(error).code === MIN_CONTEXT_SLOT),
        )
        latency.note(far.method, monotonicMs() - asked)
        if (keepsMinSlot === false) meters.decided('min_slot_off', name)
      } catch {
        // Noted by the call; the next probe asks again.
      } finally {
        probing = false
      }
    },
    close: () => transport.close(),
  }
}
