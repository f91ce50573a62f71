import { setMaxListeners } from 'node:events'
import type { z } from 'zod'
import { type Clock, monotonicMs } from '../../platform/clock.ts'
import type { Registry } from '../../platform/metrics.ts'
import type { ChainAnswer } from '../chain.ts'
import { RpcFailure, toChainError, toFailure } from '../chain-error.ts'
import { createInFlight } from './coalesce.ts'
import { createEndpoint, type Endpoint, type EndpointOptions } from './endpoint.ts'
import { createHedger } from './hedge.ts'
import type { RpcCall } from './json-rpc.ts'
import { createMeters, type Meters } from './meters.ts'
import { createPicker } from './pick.ts'
import { type Commitment, createSlotBook, type SlotBook } from './slot-book.ts'

/** The endpoints as one: reads are picked, hedged, failed over and deduplicated; named ones are asked without any of that. */
export interface Endpoints {
  /** Never rejects. Equal reads under way at the same time are one. */
  read<T>(call: RpcCall, schema: z.ZodType<T>, options?: ReadOptions): Promise<ChainAnswer<T>>
  /** One endpoint and no other: proofs may not fail over. */
  readAt<T>(endpoint: Endpoint, call: RpcCall, schema: z.ZodType<T>): Promise<ChainAnswer<T>>
  /** Best first, for a call that is to go to several. */
  order(method: string): readonly Endpoint[]
  all(): readonly Endpoint[]
  find(name: string): Endpoint | undefined
  add(url: string): Endpoint
  /** False: no such endpoint, or it is the last one. Calls under way at it end first. */
  remove(name: string): Promise<boolean>
  readonly slots: SlotBook
  readonly meters: Meters
  close(): Promise<void>
}

export interface ReadOptions {
  /** Of the answer's slot, which then is at least what earlier answers were of. Undefined: the answer has no slot. */
  readonly commitment?: Commitment
  /** The answer must be of this slot or a later one. */
  readonly minSlot?: number | undefined
  /** Position of the method's configuration object, if it takes minContextSlot there. */
  readonly minSlotAt?: number
  /** Not asked at all while it is over its limit. */
  readonly ifAllowed?: boolean
}

export interface EndpointsOptions {
  readonly urls: readonly string[]
  readonly registry: Registry
  readonly clock: Clock
  readonly expectedSlotMs: number
}

/** Each endpoint is asked for its slot this often, busy or not: so all are known by the same measure, how far and how fast they are. */
const PROBE_EVERY_MS = 2_000
/** One in doubt is asked again this soon. */
const PROBE_SUSPECT_MS = 250
const TICK_MS = 125
/** Until everyone is asked once more after all have failed. */
const AGAIN_MS = 50
/** A read waits this long for a limit that is only a pace; longer is for its caller to decide. */
const LONGEST_WAIT_MS = 500

export const openEndpoints = ({ urls, registry, clock, expectedSlotMs }: EndpointsOptions): Endpoints => {
  let endpoints: readonly Endpoint[] = []
  let count = 0
  const stopping = new AbortController()
  // As many as wait for a pace or for a second try.
  setMaxListeners(0, stopping.signal)
  const slots = createSlotBook(monotonicMs, expectedSlotMs)
  const meters = createMeters(registry, () => endpoints.map(readingOf))
  const picker = createPicker((why, endpoint) => meters.decided(why, endpoint))
  const hedger = createHedger(meters, clock)
  const once = createInFlight<ChainAnswer<unknown>>(() => meters.decided('deduplicated'))
  const probedAt = new Map<string, number>()

  const add = (given: string): Endpoint => {
    const { url, socketUrl, weight, perSecond } = readUrl(given)
    const endpoint = createEndpoint({ url, socketUrl, weight, perSecond, name: `${count++}:${new URL(url).host}`, slots, meters, clock })
    endpoints = [...endpoints, endpoint]
    meters.decided('added', endpoint.name)
    probedAt.set(endpoint.name, monotonicMs())
    void endpoint.probe()
    return endpoint
  }
  for (const url of urls) add(url)

  /** One endpoint's answer, read and not older than asked for. @throws RpcFailure */
  const askOne = async <T>(
    endpoint: Endpoint,
    call: RpcCall,
    schema: z.ZodType<T>,
    options: ReadOptions,
    signal?: AbortSignal,
  ): Promise<T> => {
    const least = options.commitment === undefined ? 0 : Math.max(options.minSlot ?? 0, slots.watermark(options.commitment))
    const asked =
      least > 0 && options.minSlotAt !== undefined && endpoint.keepsMinSlot() === true ? withMinSlot(call, options.minSlotAt, least) : call
    const result = await endpoint.ask(asked, { ...(signal === undefined ? {} : { signal }), ifAllowed: options.ifAllowed === true })
    const slot = slotOf(result)
    if (options.commitment !== undefined && slot !== undefined) {
      if (!slots.note(endpoint.name, options.commitment, slot)) {
        meters.decided('refused_ahead', endpoint.name)
        throw new RpcFailure('behind', `claims slot ${slot}, which nobody else has reached`)
      }
      // Also where minContextSlot was sent: a balancer may have passed it to a node that does not keep it.
      if (slot < least) {
        meters.decided('refused_stale', endpoint.name)
        throw new RpcFailure('behind', `an answer of slot ${slot}, at least ${least} is needed`, { slot })
      }
    }
    const parsed = schema.safeParse(result)
    if (parsed.success) return parsed.data
    const issue = parsed.error.issues[0]
    throw new RpcFailure('broken', `unexpected answer: ${issue?.path.join('.')}: ${issue?.message}`)
  }

  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      for (const endpoint of endpoints) {
        const every = endpoint.state() === 'suspect' ? PROBE_SUSPECT_MS : PROBE_EVERY_MS
        if (monotonicMs() - (probedAt.get(endpoint.name) ?? 0) < every) continue
        probedAt.set(endpoint.name, monotonicMs())
        void endpoint.probe()
      }
      await clock.sleep(TICK_MS, stopping.signal).catch(() => undefined)
    }
  }
  const watching = watch()

  return {
    slots,
    meters,
    add,
    read: async (call, schema, options = {}) => {
      const key = JSON.stringify([call.method, call.params, options.minSlot ?? 0])
      const run = async () => {
        const first = picker.order(endpoints, call.method)
        if (first.waitMs > LONGEST_WAIT_MS)
          throw new RpcFailure('limited', `every endpoint is over its limit for ${Math.ceil(first.waitMs)} ms`)
        if (first.waitMs > 0) {
          meters.decided('paced')
          await clock.sleep(first.waitMs, stopping.signal)
        }
        const order = first.waitMs > 0 ? picker.order(endpoints, call.method) : first
        return hedger.run(order, call.method, (endpoint, signal) => askOne(endpoint, call, schema, options, signal))
      }
      const answer = await once(key, () =>
        run()
          .catch(async (error: unknown) => {
            // A single hiccup of a lone endpoint, or of all at once, is not yet an outage.
            if (toFailure(error).fault !== 'broken') throw error
            meters.decided('tried_again')
            await clock.sleep(AGAIN_MS, stopping.signal)
            return run()
          })
          .then((value) => ({ ok: true, value }) as const, failed),
      )
      return answer as Awaited<ReturnType<Endpoints['read']>> as never
    },
    readAt: (endpoint, call, schema) =>
      askOne(endpoint, call, schema, { ifAllowed: true }).then((value) => ({ ok: true, value }) as const, failed),
    order: (method) => {
      const { fit, lastResort } = picker.order(endpoints, method)
      return [...fit, ...lastResort]
    },
    all: () => endpoints,
    find: (name) => endpoints.find((each) => each.name === name),
    remove: async (name) => {
      const gone = endpoints.find((each) => each.name === name)
      if (!gone || endpoints.length === 1) return false
      endpoints = endpoints.filter((each) => each !== gone)
      meters.decided('removed', name)
      // Nobody new asks it; whoever waits for it gets his answer, or its time limit.
      while (gone.waiting() > 0) await clock.sleep(TICK_MS)
      slots.forget(name)
      await gone.close()
      return true
    },
    close: async () => {
      stopping.abort()
      await watching
      await Promise.all(endpoints.map((endpoint) => endpoint.close()))
    },
  }
}

const failed = (error: unknown) => ({ ok: false, error: toChainError(toFailure(error)) }) as const

/** `https://host/key#weight=2&rps=40&ws=wss://host/key`: the fragment is for us and never sent. */
const readUrl = (given: string): Pick<EndpointOptions, 'url' | 'socketUrl' | 'weight' | 'perSecond'> => {
  const url = new URL(given)
  const told = new URLSearchParams(url.hash.slice(1))
  url.hash = ''
  const [weight, perSecond] = [Number(told.get('weight') ?? 1), Number(told.get('rps') ?? Number.NaN)]
  return {
    url: url.href,
    socketUrl: told.get('ws') ?? url.href.replace(/^http/, 'ws'),
    weight: weight > 0 ? weight : 1,
    perSecond: perSecond > 0 ? perSecond : undefined,
  }
}

const withMinSlot = ({ method, params }: RpcCall, at: number, minContextSlot: number): RpcCall => {
  const filled = Array.from({ length: Math.max(params.length, at + 1) }, (_, i) => params[i])
  filled[at] = { ...(filled[at] as object | undefined), minContextSlot }
  return { method, params: filled }
}

const slotOf = (result: unknown): number | undefined => {
  if (typeof result !== 'object' || result === null) return undefined
  if ('context' in result && typeof result.context === 'object' && result.context !== null && 'slot' in result.context)
    return typeof result.context.slot === 'number' ? result.context.slot : undefined
  return 'absoluteSlot' in result && typeof result.absoluteSlot === 'number' ? result.absoluteSlot : undefined
}

const readingOf = (endpoint: Endpoint) => {
  const { state, lagSlots } = endpoint.health()
  const latency = endpoint.latency.methods().map((method) => ({ method, ms: endpoint.latency.average(method) ?? 0 }))
  return { endpoint: endpoint.name, state, lagSlots, weight: endpoint.weight, rate: endpoint.limiter.rate(), latency }
}
