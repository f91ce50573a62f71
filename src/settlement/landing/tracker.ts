import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { Counter, Gauge, type Registry } from '../../platform/metrics.ts'
import type { Chain, SignatureState } from '../../rpc/chain.ts'

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
  }): Sighting
  finality(item: { readonly accountId: string; readonly signature: string; readonly slot: number }): FinalSighting
  forget(signature: string): void
  /** Another worker has the account now. */
  release(accountId: string): void
  close(): Promise<void>
}

export interface TrackerOptions {
  readonly chain: Chain
  readonly slotMs: number
  readonly clock: Clock
  readonly log: Logger
  readonly registry: Registry
  readonly wake: (accountId: string) => void
}

interface Open {
  readonly accountId: string
  readonly wire: Uint8Array
  readonly lastValidBlockHeight: number
  sentAt: number
  sighting: Sighting
}

interface Landed {
  readonly accountId: string
  readonly slot: number
  sighting: FinalSighting
}

/** Rebroadcast every five slots: leaders change every four. */
const RESEND_SLOTS = 5
/** Statuses a call takes. */
const BATCH = 256

export const createTracker = ({ chain, slotMs, clock, log, registry, wake }: TrackerOptions): Tracker => {
  const open = new Map<string, Open>()
  const landed = new Map<string, Landed>()
  const stopping = new AbortController()
  const pollMs = Math.min(Math.max(slotMs / 2, 25), 500)
  const resendMs = slotMs * RESEND_SLOTS
  let heightsAt = Number.NEGATIVE_INFINITY
  const sends = new Counter({
    name: 'quantbot_transactions_sent_total',
    help: 'Sends and rebroadcasts of signed transactions',
    registers: [registry],
  })
  new Gauge({
    name: 'quantbot_transactions_pending',
    help: 'Signed transactions without an outcome, and landed ones that are not final',
    labelNames: ['phase'] as const,
    registers: [registry],
    collect() {
      this.set({ phase: 'open' }, open.size)
      this.set({ phase: 'landed' }, landed.size)
    },
  })

  const send = (entry: Open, signature: string): void => {
    entry.sentAt = clock.now()
    sends.inc()
    chain.send(entry.wire).then(
      ({ accepted, failures }) => {
        if (accepted.length === 0) log.warn({ signature, failures }, 'no endpoint took the transaction; it will be sent again')
      },
      (error: unknown) => log.error({ err: error, signature }, 'sending failed'),
    )
  }

  const pollOpen = async (): Promise<void> => {
    const unseen = [...open].filter(([, entry]) => entry.sighting.kind === 'pending')
    await forStatuses(chain, unseen, false, ([signature, entry], state) => {
      if (state && state.commitment !== 'processed') {
        entry.sighting = { kind: 'seen', state }
        wake(entry.accountId)
      } else if (!state && clock.now() - entry.sentAt >= resendMs) send(entry, signature)
    })
  }

  const pollFinalized = async (): Promise<void> => {
    if ((open.size === 0 && landed.size === 0) || clock.now() - heightsAt < resendMs) return
    heightsAt = clock.now()
    const heights = await chain.finalizedHeights()
    const height = Math.max(0, ...heights.map((h) => h.height))
    const slot = Math.max(0, ...heights.map((h) => h.slot))
    for (const entry of open.values()) {
      if (entry.sighting.kind !== 'pending' || height <= entry.lastValidBlockHeight) continue
      entry.sighting = { kind: 'past', finalizedHeight: height }
      wake(entry.accountId)
    }
    const due = [...landed].filter(([, entry]) => entry.sighting.kind === 'pending' && entry.slot <= slot)
    await forStatuses(chain, due, true, ([, entry], state) => {
      // Another slot than the booked one would be another landing; the account's own run decides what that means.
      entry.sighting = state?.commitment === 'finalized' ? { kind: 'final', state } : { kind: 'missing' }
      wake(entry.accountId)
    })
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await Promise.all([pollOpen(), pollFinalized()]).catch((error: unknown) => log.error({ err: error }, 'polling statuses failed'))
      await clock.sleep(pollMs, stopping.signal).catch(() => undefined)
    }
  }
  const running = run()

  return {
    follow: ({ accountId, signature, wire, lastValidBlockHeight }) => {
      const known = open.get(signature)
      if (known) {
        const { sighting } = known
        // Asked again, the news was not enough: a proof failed, or a fork that confirmed it has died. Look anew, and send again.
        known.sighting = { kind: 'pending' }
        return sighting
      }
      const entry: Open = { accountId, wire, lastValidBlockHeight, sentAt: 0, sighting: { kind: 'pending' } }
      open.set(signature, entry)
      landed.delete(signature)
      send(entry, signature)
      return entry.sighting
    },
    finality: ({ accountId, signature, slot }) => {
      const known = landed.get(signature)
      if (!known || known.slot !== slot) {
        open.delete(signature)
        landed.set(signature, { accountId, slot, sighting: { kind: 'pending' } })
        return { kind: 'pending' }
      }
      const { sighting } = known
      if (sighting.kind === 'missing') known.sighting = { kind: 'pending' }
      return sighting
    },
    forget: (signature) => {
      open.delete(signature)
      landed.delete(signature)
    },
    release: (accountId) => {
      for (const pending of [open, landed])
        for (const [signature, entry] of pending) if (entry.accountId === accountId) pending.delete(signature)
    },
    close: async () => {
      stopping.abort()
      await running
    },
  }
}

const forStatuses = async <E>(
  chain: Chain,
  entries: readonly (readonly [string, E])[],
  history: boolean,
  each: (entry: readonly [string, E], state: SignatureState | null) => void,
): Promise<void> => {
  for (let from = 0; from < entries.length; from += BATCH) {
    const part = entries.slice(from, from + BATCH)
    const answer = await chain.statuses(
      part.map(([signature]) => signature),
      { history },
    )
    if (!answer.ok) return
    for (const [i, entry] of part.entries()) each(entry, answer.value.states[i] ?? null)
  }
}
