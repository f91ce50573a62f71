import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Chance } from './chance.ts'

const rate = z.number().min(0).max(1)
const whole = z.number().int()

const FAULTS = {
  /** Slots held back: slots, heights, statuses, history and blockhashes follow; account states are always the newest. */
  lagSlots: whole.min(0).max(10_000),
  /** Added to block heights, above or below the truth. */
  heightSkew: whole,
  /** Added to lastValidBlockHeight of fresh blockhashes. */
  lastValidSkew: whole,
  latencyMs: whole.min(0),
  /** Up to this much more, seeded. */
  jitterMs: whole.min(0),
  /** 429 with Retry-After, at random and above so many requests a second. */
  tooMany: rate,
  perSecond: z.number().positive(),
  /** Whole seconds, as HTTP has them; the limit of `perSecond` holds for as long. */
  retryAfterS: whole.min(0),
  serverError: rate,
  /** The connection is cut before an answer. */
  reset: rate,
  /** Read and never answered; the connection stays open. */
  halfOpen: rate,
  /** The answer trickles over `slowMs`. */
  slow: rate,
  slowMs: whole.min(0),
  /** A send is answered with its signature and never forwarded. */
  dropSend: rate,
  /** A send is forwarded and its answer lost. */
  loseAnswer: rate,
  /** Share of the signatures that this port never knows, whatever the chain says, history included. */
  nullStatus: rate,
  /** Notifications of subscriptions that never arrive. */
  dropNotice: rate,
  /** Every connection is cut at once. */
  dead: z.boolean(),
} as const

const Faults = z.strictObject(FAULTS).partial()
const PortFaults = z.strictObject({ ...FAULTS, methods: z.record(z.string(), Faults) }).partial()

/** What happens to a transaction on the whole chain, as shares of all signatures; the rest lands as sent. */
const Fates = z
  .strictObject({
    /** No send ever reaches a leader. */
    lost: rate,
    /** Held back, and landed in the last blocks of its blockhash's life. */
    late: rate,
    /** Seen as processed or confirmed on a fork that dies; then some land when sent again and the others never do. */
    ghost: rate,
    /** Landed and seen, then gone from every port until its slot is final, then landed again in a later slot. */
    rollback: rate,
  })
  .partial()
  .refine((f) => (f.lost ?? 0) + (f.late ?? 0) + (f.ghost ?? 0) + (f.rollback ?? 0) <= 1, 'the shares of fates add up to more than 1')

const Profile = z.strictObject({ ports: z.array(PortFaults).default([]), fates: Fates.default({}) })

export type Faults = z.infer<typeof Faults>
export type PortFaults = z.infer<typeof PortFaults>
export type Fates = z.infer<typeof Fates>
export type Profile = z.infer<typeof Profile>

/** A file, JSON text, or one of `calm` (no faults), `storm` (the default). @throws with one line for what is none of them */
export const readProfile = (given: string, ports: number, chance: Chance): Profile => {
  if (given === 'calm') return { ports: [], fates: {} }
  if (given === 'storm') return storm(ports, chance)
  const text = existsSync(given) ? readFileSync(given, 'utf8') : given
  const parsed = Profile.safeParse(json(text))
  if (!parsed.success) throw new Error(`--profile: ${firstIssue(parsed.error)}`)
  return parsed.data
}

/** @throws with one line */
export const parsePortFaults = (value: unknown): PortFaults => checked(PortFaults.safeParse(value))
/** @throws with one line */
export const parseFates = (value: unknown): Fates => checked(Fates.safeParse(value))

const checked = <T>(parsed: z.ZodSafeParseResult<T>): T => {
  if (parsed.success) return parsed.data
  throw new Error(firstIssue(parsed.error))
}

const firstIssue = ({ issues }: z.ZodError): string => `${issues[0]?.path.join('.')}: ${issues[0]?.message}`

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('--profile: neither a file, nor JSON, nor "calm" or "storm"')
  }
}

/**
 * Every kind of fault at once, with one limit: of all ports only one tells untruths (nulls, heights) and the others merely lag or fail.
 * Two that lie alike would be a majority of what a client can ask, and no client can see through that.
 */
const storm = (ports: number, chance: Chance): Profile => {
  const between = (what: string, from: number, to: number) => from + Math.floor(chance(['storm', what], 0) * (to - from + 1))
  const liar: PortFaults = { nullStatus: 0.5, heightSkew: between('skew', 20, 120), dropSend: 0.3 }
  const lagging: PortFaults = { lagSlots: between('lag', 4, 40), dropNotice: 0.3, jitterMs: 20, slow: 0.02, slowMs: 400 }
  const limited: PortFaults = { tooMany: 0.15, retryAfterS: 1, serverError: 0.05, methods: { sendTransaction: { loseAnswer: 0.1 } } }
  const flaky: PortFaults = { reset: 0.03, halfOpen: 0.01, slow: 0.03, slowMs: 500, dropSend: 0.1 }
  const good: PortFaults = { jitterMs: 5, dropSend: 0.05 }
  const kinds = [good, liar, lagging, limited, flaky]
  const first = between('first', 0, kinds.length - 1)
  return {
    ports: Array.from({ length: ports }, (_, port) => {
      const kind = kinds[(first + port) % kinds.length] ?? good
      return kind === liar && port >= kinds.length ? good : kind
    }),
    fates: { lost: 0.05, late: 0.1, ghost: 0.08, rollback: 0.07 },
  }
}
