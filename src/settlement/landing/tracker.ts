import { type Clock, monotonicMs } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import type { Registry } from '../../platform/metrics.ts'
import type { Chain, SignatureState } from '../../rpc/chain.ts'
import { rpcSender } from '../../rpc/send/rpc-sender.ts'
import type { Sender } from '../../rpc/send/sender.ts'
import { createLandingMetrics } from './landing-metrics.ts'
import type { Lane } from './lane.ts'
import { createOutbox } from './outbox.ts'

/** What is known of an open attempt. */
export type Sighting =
  | { readonly kind: 'pending' }
  /** Confirmed or finalised, with or without an error. */
  | { readonly kind: 'seen'; readonly state: SignatureState }
  /** The chain has finalised past its last valid height and nothing was seen: time for a proof. */
  | { readonly kind: 'past'; readonly finalizedHeight: number }

/** What is known of a landed attempt's finality. */
export type FinalSighting =
  | { readonly kind: 'pending' }
  | { readonly kind: 'final'; readonly state: SignatureState }
  /** Its slot is final, but the status does not say so: time for a proof. */
  | { readonly kind: 'missing' }

/** One poller for all pending signatures: sends, rebroadcasts, and wakes the account when something is known. Keeps nothing that the log does not have. */
export interface Tracker {
  follow(item: {
    readonly accountId: string
    readonly signature: string
    readonly wire: Uint8Array
    readonly lastValidBlockHeight: number
    readonly lane?: Lane
    /** Another way than the usual ones, for this one alone. */
    readonly through?: Sender | undefined
  }): Sighting
  finality(item: { readonly accountId: string; readonly signature: string; readonly slot: number }): FinalSighting
  forget(signature: string): void
  /** Another worker has the account now. */
  release(accountId: string): void
  close(): Promise<void>
}

export interface TrackerOptions {
  readonly chain: Chain
  /** The ways to the leaders; the chain's own endpoints where none is given. Their owner closes them. */
  readonly sender?: Sender
  /** Expected time of a slot, ms, until the chain's is measured: how often to look. Nothing is decided by it. */
  readonly slotMs: number
  readonly clock: Clock
  readonly log: Logger
  readonly registry: Registry
  readonly wake: (accountId: string) => void
  /** How a transaction fared: seen before it had to be sent again, later, or never. For the price of the next ones. */
  readonly fared?: (how: 'promptly' | 'late' | 'never') => void
}

interface Open {
  readonly accountId: string
  readonly wire: Uint8Array
  readonly lastValidBlockHeight: number
  readonly lane: Lane
  readonly through: Sender
  /** Monotonic ms of the first send of this process. */
  firstSentAt: number | undefined
  sentAt: number
  round: number
  processed: boolean
  sighting: Sighting
  readonly unwatch: () => void
}

interface Landed {
  readonly accountId: string
  readonly slot: number
  readonly since: number
  sighting: FinalSighting
}

/** Rebroadcast every five slots: leaders change every four. */
const RESEND_SLOTS = 5
/** Statuses are asked for twice a slot, within these bounds. */
const LEAST_POLL_MS = 25
const MOST_POLL_MS = 500
/** With nothing open there is nothing to look for; the first attempt that comes wakes the poller as a hint does. */
const IDLE_MS = 10_000
/** Hints that come together make one poll. */
const HINT_MS = 5

export const createTracker = (options: TrackerOptions): Tracker => {
  const { chain, clock, log, registry, wake, fared } = options
  const sender = options.sender ?? rpcSender(chain)
  const open = new Map<string, Open>()
  const landed = new Map<string, Landed>()
  const stopping = new AbortController()
  const outbox = createOutbox()
  const metrics = createLandingMetrics(registry, () => ({ open: open.size, landed: landed.size, waiting: outbox.size() }))
  const slotMs = () => chain.slotMs() ?? options.slotMs
  const resendMs = () => slotMs() * RESEND_SLOTS
  let hinted = new AbortController()
  // Asked before: to abort makes an error, also where there is nothing left to abort.
  const hint = (): void => {
    if (!hinted.signal.aborted) hinted.abort()
  }

  const send = (entry: Open, signature: string): void => {
    entry.sentAt = clock.now()
    outbox.push({
      signature,
      accountId: entry.accountId,
      lane: entry.lane,
      wire: entry.wire,
      send: async () => {
        // Meanwhile it may have been seen, or have gone to another worker.
        if (open.get(signature) !== entry || entry.sighting.kind === 'seen') return
        const round = entry.round++
        entry.firstSentAt ??= monotonicMs()
        metrics.sent(entry.lane, round)
        try {
          const { accepted, failures } = await entry.through.send(entry.wire, round)
          if (accepted.length === 0) log.warn({ signature, failures }, 'nobody took the transaction; it will be sent again')
        } catch (error) {
          log.error({ err: error, signature }, 'sending failed')
        }
      },
    })
  }

  const see = (entry: Open, signature: string, state: SignatureState): void => {
    const took = entry.firstSentAt === undefined ? 0 : monotonicMs() - entry.firstSentAt
    entry.sighting = { kind: 'seen', state }
    metrics.reached('confirmed', took)
    fared?.(entry.round <= 1 ? 'promptly' : 'late')
    outbox.drop(signature)
    wake(entry.accountId)
  }

  const pollOpen = async (): Promise<void> => {
    // What still waits for its turn to be sent has nothing to be told of.
    const unseen = [...open].filter(([, entry]) => entry.sighting.kind === 'pending' && entry.round > 0)
    await forStatuses(chain, unseen, false, ([signature, entry], state) => {
      if (open.get(signature) !== entry || entry.sighting.kind !== 'pending') return
      if (state && state.commitment !== 'processed') return see(entry, signature, state)
      if (state && !entry.processed) {
        entry.processed = true
        metrics.reached('processed', entry.firstSentAt === undefined ? 0 : monotonicMs() - entry.firstSentAt)
      }
      if (state) return
      // It was in a block that its fork has lost: it may land again, if it is there to be taken.
      const rolledBack = entry.processed
      entry.processed = false
      if (rolledBack) metrics.rolledBack('processed')
      if (rolledBack || clock.now() - entry.sentAt >= resendMs()) send(entry, signature)
    })
  }

  const pollFinalized = async (): Promise<void> => {
    if (open.size === 0 && landed.size === 0) return
    const answer = await chain.finalizedHeight()
    if (!answer.ok) return
    const { height, slot } = answer.value
    for (const entry of open.values()) {
      if (entry.sighting.kind !== 'pending' || height <= entry.lastValidBlockHeight) continue
      entry.sighting = { kind: 'past', finalizedHeight: height }
      fared?.('never')
      wake(entry.accountId)
    }
    const due = [...landed].filter(([, entry]) => entry.sighting.kind === 'pending' && entry.slot <= slot)
    await forStatuses(chain, due, true, ([, entry], state) => {
      // Another slot than the booked one would be another landing; the account's own run decides what that means.
      const final = state?.commitment === 'finalized'
      entry.sighting = final ? { kind: 'final', state } : { kind: 'missing' }
      if (final) metrics.reached('finalized', monotonicMs() - entry.since)
      else if (!state) metrics.rolledBack('confirmed')
      wake(entry.accountId)
    })
  }

  const polled = async (poll: () => Promise<void>): Promise<void> => {
    await poll().catch((error: unknown) => log.error({ err: error }, 'polling statuses failed'))
  }
  const runOpen = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await polled(pollOpen)
      const pollMs = open.size === 0 ? IDLE_MS : Math.min(Math.max(slotMs() / 2, LEAST_POLL_MS), MOST_POLL_MS)
      await clock.sleep(pollMs, hinted.signal).catch(() => undefined)
      if (!hinted.signal.aborted || stopping.signal.aborted) continue
      hinted = new AbortController()
      await clock.sleep(HINT_MS, stopping.signal).catch(() => undefined)
    }
  }
  // By itself: who waits for a confirmation does not wait for a slow answer about finality.
  const runFinalized = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await polled(pollFinalized)
      await clock.sleep(Math.max(resendMs(), LEAST_POLL_MS), stopping.signal).catch(() => undefined)
    }
  }
  const running = [runOpen(), runFinalized()]

  const drop = (signature: string): void => {
    open.get(signature)?.unwatch()
    open.delete(signature)
    landed.delete(signature)
    outbox.drop(signature)
  }

  return {
    follow: ({ accountId, signature, wire, lastValidBlockHeight, lane = 'open', through = sender }) => {
      const known = open.get(signature)
      if (known) {
        const { sighting } = known
        // Asked again, the news was not enough: a proof failed, or a fork that confirmed it has died. Look anew, and send again.
        known.sighting = { kind: 'pending' }
        return sighting
      }
      if (open.size === 0) hint()
      const unwatch = chain.watch(signature, hint)
      const entry: Open = {
        accountId,
        wire,
        lastValidBlockHeight,
        lane,
        through,
        unwatch,
        firstSentAt: undefined,
        sentAt: 0,
        round: 0,
        processed: false,
        sighting: { kind: 'pending' },
      }
      open.set(signature, entry)
      landed.delete(signature)
      send(entry, signature)
      return entry.sighting
    },
    finality: ({ accountId, signature, slot }) => {
      const known = landed.get(signature)
      if (!known || known.slot !== slot) {
        const since = open.get(signature)?.firstSentAt ?? monotonicMs()
        drop(signature)
        landed.set(signature, { accountId, slot, since, sighting: { kind: 'pending' } })
        return { kind: 'pending' }
      }
      const { sighting } = known
      // Asked again, the news was not enough: it is final in another slot than the booked one, and the proof of that failed. Look anew.
      known.sighting = { kind: 'pending' }
      return sighting
    },
    forget: drop,
    release: (accountId) => {
      for (const pending of [open, landed]) for (const [signature, entry] of pending) if (entry.accountId === accountId) drop(signature)
    },
    close: async () => {
      stopping.abort()
      hint()
      outbox.close()
      await Promise.all(running)
      for (const { unwatch } of open.values()) unwatch()
    },
  }
}

const forStatuses = async <E>(
  chain: Chain,
  entries: readonly (readonly [string, E])[],
  history: boolean,
  each: (entry: readonly [string, E], state: SignatureState | null) => void,
): Promise<void> => {
  if (entries.length === 0) return
  const answer = await chain.statuses(
    entries.map(([signature]) => signature),
    { history },
  )
  if (answer.ok) for (const [i, entry] of entries.entries()) each(entry, answer.value.states[i] ?? null)
}
