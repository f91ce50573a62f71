import type { RpcFailure } from '../chain-error.ts'

/** How fast an endpoint may be asked, as it taught us: by its Retry-After, and by the rate at which it began to refuse. */
export interface Limiter {
  /** Ms until a call of the method may go; 0: now. Asking takes nothing. */
  waitMs(method: string): number
  /** A call goes out now. */
  took(method: string, calls?: number): void
  refused(method: string, failure: RpcFailure): void
  /** Calls a second that it is held to now; undefined: no limit was met. */
  rate(): number | undefined
}

export interface LimiterOptions {
  /** Monotonic ms. */
  readonly now: () => number
  /** Calls a second the endpoint is known to allow; undefined: learnt. */
  readonly perSecond?: number | undefined
}

const FIRST_BACKOFF_MS = 250
const LAST_BACKOFF_MS = 8_000
/** Whoever refuses one of the first calls after the pause it asked for did not mean it: it gets twice that pause. */
const FIRST_CALLS = 3
/** What is asked after a refusal, as a part of what was asked before it. */
const BACK_TO = 0.7
/** The limit is tried again upwards by this part a second: a plan that was raised, or another client that is gone, is found out. */
const GROWTH = 0.1
/** Within this time a second method refused means that the endpoint as a whole is limited, not the method. */
const SAME_CAUSE_MS = 1_000
const WINDOW_MS = 1_000
/** A refusal after a handful of calls tells of somebody else's calls. */
const LEAST_RATE = 5

export const createLimiter = ({ now, perSecond }: LimiterOptions): Limiter => {
  const until = new Map<string, number>()
  const backoff = new Map<string, number>()
  /** Calls since the last refusal. */
  const since = new Map<string, number>()
  let allUntil = 0
  let last: { readonly method: string; readonly at: number } | undefined
  let learnt = perSecond
  let learntAt = 0
  let tokens = perSecond ?? 0
  let filledAt = now()
  let windowAt = now()
  let inWindow = 0
  let lastWindow = 0

  const roll = (at: number): void => {
    if (at - windowAt < WINDOW_MS) return
    lastWindow = at - windowAt < 2 * WINDOW_MS ? inWindow : 0
    inWindow = 0
    windowAt = at
  }
  const rate = (): number | undefined => {
    if (learnt === undefined) return undefined
    return perSecond ?? learnt * (1 + (GROWTH * (now() - learntAt)) / 1_000)
  }
  const fill = (at: number): void => {
    const perSec = rate()
    if (perSec === undefined) return
    // One second's worth may be saved up: limits are counted by the second.
    tokens = Math.min(perSec, tokens + (perSec * (at - filledAt)) / 1_000)
    filledAt = at
  }

  return {
    rate,
    waitMs: (method) => {
      const at = now()
      fill(at)
      const blocked = Math.max(allUntil, until.get(method) ?? 0) - at
      const perSec = rate()
      const paced = perSec === undefined || tokens >= 1 ? 0 : ((1 - tokens) / perSec) * 1_000
      return Math.max(0, blocked, paced)
    },
    took: (method, calls = 1) => {
      const at = now()
      roll(at)
      fill(at)
      inWindow += calls
      since.set(method, (since.get(method) ?? 0) + calls)
      if (learnt !== undefined) tokens -= calls
      // The first call that goes out after a block ends it; another refusal will double it.
      if ((until.get(method) ?? 0) <= at) until.delete(method)
    },
    refused: (method, { retryAfterMs }) => {
      const at = now()
      const doubled = Math.min((backoff.get(method) ?? FIRST_BACKOFF_MS / 2) * 2, LAST_BACKOFF_MS)
      // Refusals of calls that were under way together are one refusal.
      const fresh = (until.get(method) ?? 0) <= at
      const atOnce = backoff.has(method) && (since.get(method) ?? 0) <= FIRST_CALLS
      const own = !fresh || (retryAfterMs !== undefined && !atOnce) ? 0 : doubled
      const pause = Math.max(retryAfterMs ?? 0, own)
      if (fresh) backoff.set(method, Math.max(pause, FIRST_BACKOFF_MS / 2))
      if (fresh) since.set(method, 0)
      until.set(method, Math.max(until.get(method) ?? 0, at + pause))
      if (last && last.method !== method && at - last.at < SAME_CAUSE_MS) allUntil = Math.max(allUntil, at + pause)
      last = { method, at }
      if (perSecond !== undefined || !fresh) return
      roll(at)
      fill(at)
      learnt = Math.max(LEAST_RATE, BACK_TO * Math.max(inWindow, lastWindow))
      learntAt = at
      // What goes on now is other methods; this one has its pause.
      tokens = learnt
      filledAt = at
    },
  }
}
