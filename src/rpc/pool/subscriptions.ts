import { WebSocket } from 'ws'
import { z } from 'zod'
import { type Clock, monotonicMs } from '../../platform/clock.ts'
import type { Endpoint } from './endpoint.ts'
import type { Endpoints } from './endpoints.ts'

/** Tells early that a signature may have news. Everything it says is only a reason to poll now: what is missed or wrong costs nothing but time. */
export interface Subscriptions {
  watch(signature: string, hint: () => void): () => void
  /** A socket is open, told its newest slot and missed nothing since. */
  live(): boolean
  close(): Promise<void>
}

export interface SubscriptionsOptions {
  readonly endpoints: Endpoints
  readonly clock: Clock
  readonly slotMs: () => number
}

const FIRST_BACKOFF_MS = 500
const LAST_BACKOFF_MS = 30_000
/** A socket on which no slot came for this many slots' time is dead, however open it looks. */
const SILENT_SLOTS = 25
const LEAST_SILENCE_MS = 2_000
const OPEN_TIMEOUT_MS = 3_000
/** Nothing to watch for this long: the socket is given back. */
const IDLE_MS = 30_000
const TICK_MS = 250
/** One subscription each while these few are pending; more of them are told by every slot, when one poll of 256 has news of all. */
const MOST_SUBSCRIBED = 32

const Message = z.object({
  id: z.number().optional(),
  result: z.unknown().optional(),
  method: z.string().optional(),
  params: z.object({ subscription: z.number(), result: z.unknown() }).optional(),
})
const SlotNotice = z.object({ slot: z.number().int(), parent: z.number().int() })

export const openSubscriptions = ({ endpoints, clock, slotMs }: SubscriptionsOptions): Subscriptions => {
  const watched = new Map<string, Set<() => void>>()
  const stopping = new AbortController()
  let session: Session | undefined
  let failures = 0
  let retryAt = 0
  let idleSince = monotonicMs()

  const tell = (signature: string): void => {
    for (const hint of watched.get(signature) ?? []) hint()
  }
  /** Something may have been missed: everybody looks. */
  const tellAll = (): void => {
    for (const signature of watched.keys()) tell(signature)
  }

  const open = (): void => {
    const [best] = endpoints.order('subscribe').filter((endpoint) => endpoint.state() === 'healthy')
    if (!best) return
    session = openSession(best, {
      signatures: () => [...watched.keys()],
      told: (signature) => {
        endpoints.meters.decided('socket_told', best.name)
        tell(signature)
      },
      slot: (slot) => {
        endpoints.slots.note(best.name, 'processed', slot)
        for (const signature of watched.keys()) if (!session?.has(signature)) tell(signature)
      },
      gap: () => {
        endpoints.meters.decided('socket_gap', best.name)
        tellAll()
      },
      opened: () => {
        failures = 0
        endpoints.meters.decided('socket_opened', best.name)
        // Whatever came between the subscription's loss and its renewal was not told.
        tellAll()
      },
      lost: () => {
        session = undefined
        retryAt = monotonicMs() + Math.min(FIRST_BACKOFF_MS * 2 ** failures++, LAST_BACKOFF_MS)
        endpoints.meters.decided('socket_lost', best.name)
        tellAll()
      },
    })
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const now = monotonicMs()
      if (watched.size > 0) idleSince = now
      if (session) {
        const silence = Math.max(LEAST_SILENCE_MS, SILENT_SLOTS * slotMs())
        if (session.silentMs() > silence || now - idleSince > IDLE_MS || !endpoints.find(session.endpoint)) session.end()
      } else if (watched.size > 0 && now >= retryAt) open()
      await clock.sleep(TICK_MS, stopping.signal).catch(() => undefined)
    }
  }
  const running = run()

  return {
    live: () => session?.live() ?? false,
    watch: (signature, hint) => {
      const hints = watched.get(signature) ?? new Set()
      hints.add(hint)
      watched.set(signature, hints)
      session?.subscribe(signature)
      return () => {
        hints.delete(hint)
        if (hints.size === 0 && watched.get(signature) === hints) {
          watched.delete(signature)
          session?.unsubscribe(signature)
        }
      }
    },
    close: async () => {
      stopping.abort()
      await running
      session?.end()
    },
  }
}

interface Session {
  readonly endpoint: string
  /** It will tell of the signature itself. */
  has(signature: string): boolean
  subscribe(signature: string): void
  unsubscribe(signature: string): void
  live(): boolean
  /** Since the last slot was told, or the opening began. */
  silentMs(): number
  end(): void
}

interface Listener {
  signatures(): readonly string[]
  told(signature: string): void
  slot(slot: number): void
  gap(): void
  opened(): void
  lost(): void
}

const openSession = (endpoint: Endpoint, listener: Listener): Session => {
  const socket = new WebSocket(endpoint.socketUrl, { handshakeTimeout: OPEN_TIMEOUT_MS })
  /** Request id → signature, then subscription id → signature. */
  const asked = new Map<number, string>()
  const subscribed = new Map<number, string>()
  const known = new Set<string>()
  let nextId = 1
  let newest = 0
  let heardAt = monotonicMs()
  let over = false

  const request = (method: string, params: readonly unknown[]): number => {
    const id = nextId++
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return id
  }
  const subscribe = (signature: string): void => {
    if (socket.readyState !== socket.OPEN || known.has(signature) || known.size >= MOST_SUBSCRIBED) return
    known.add(signature)
    asked.set(request('signatureSubscribe', [signature, { commitment: 'confirmed' }]), signature)
  }
  const noteSlot = (result: unknown): void => {
    const notice = SlotNotice.safeParse(result)
    if (!notice.success) return
    const { slot, parent } = notice.data
    heardAt = monotonicMs()
    // Its parent is one we were never told of: so were, perhaps, signatures.
    const missed = newest > 0 && parent > newest
    newest = Math.max(newest, slot)
    listener.slot(slot)
    if (missed) listener.gap()
  }
  const read = (text: string): void => {
    const parsed = Message.safeParse(parse(text))
    if (!parsed.success) return
    const { id, result, method, params } = parsed.data
    const signature = id === undefined ? undefined : asked.get(id)
    if (id !== undefined && signature !== undefined) {
      asked.delete(id)
      if (typeof result === 'number' && known.has(signature)) subscribed.set(result, signature)
      else if (typeof result === 'number') request('signatureUnsubscribe', [result])
      else known.delete(signature)
    }
    if (method === 'slotNotification') noteSlot(params?.result)
    if (method !== 'signatureNotification' || !params) return
    const told = subscribed.get(params.subscription)
    // The node ends a signature's subscription with its notice.
    subscribed.delete(params.subscription)
    if (told === undefined) return
    known.delete(told)
    listener.told(told)
  }
  const end = (): void => {
    if (over) return
    over = true
    socket.terminate()
    listener.lost()
  }

  socket.on('open', () => {
    request('slotSubscribe', [])
    for (const signature of listener.signatures()) subscribe(signature)
    listener.opened()
  })
  socket.on('message', (data) => read(data.toString()))
  socket.on('error', end)
  socket.on('close', end)

  return {
    endpoint: endpoint.name,
    has: (signature) => known.has(signature),
    subscribe,
    unsubscribe: (signature) => {
      // Not answered yet: its subscription is given back with the answer.
      known.delete(signature)
      for (const [id, each] of subscribed) {
        if (each !== signature) continue
        subscribed.delete(id)
        request('signatureUnsubscribe', [id])
      }
    },
    live: () => socket.readyState === socket.OPEN && newest > 0,
    silentMs: () => monotonicMs() - heardAt,
    end,
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
