import { monotonicMs, systemClock } from '../../src/platform/clock.ts'
import { createLog } from '../../src/platform/log.ts'
import { createRegistry } from '../../src/platform/metrics.ts'
import { proveAbsence } from '../../src/rpc/absence.ts'
import type { Chain, LatestBlockhash } from '../../src/rpc/chain.ts'
import { createChain } from '../../src/rpc/pool.ts'
import { createTracker, type Tracker } from '../../src/settlement/landing/tracker.ts'
import type { Landing, Order, Policy, SignedOrder } from './order.ts'

interface Options {
  readonly urls: readonly string[]
  readonly slotMs: number
  /** Stay with an order until its landing is final, and take it up again when it is taken back. */
  readonly untilFinal?: boolean
}

type Attempt =
  /** In this slot, as the one read of its transaction told: settlement has it in the log. */
  | { readonly outcome: 'landed' | 'failed'; readonly doubted: boolean; readonly slot: number }
  | { readonly outcome: 'expired'; readonly doubted: boolean }

/** The product's own pool, tracker and proof, driven as settlement drives them but without the account streams. */
export const productPolicy = ({ urls, slotMs, untilFinal = false }: Options): Policy => {
  const registry = createRegistry('bench')
  const chain = createChain({ urls, registry, slotMs })
  const waiting = new Map<string, () => void>()
  const wake = (id: string) => waiting.get(id)?.()
  const tracker = createTracker({ chain, slotMs, clock: systemClock, log: createLog('bench', 'silent'), registry, wake })
  /** Until the tracker has news of the order, at most ten slots: as settlement, that looks again by itself. */
  const news = (id: string) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        waiting.delete(id)
        resolve()
      }
      const timer = setTimeout(done, slotMs * 10)
      waiting.set(id, done)
    })
  const parts = { chain, tracker, slotMs, news }
  return {
    name: 'quant-bot',
    land: async (order) => {
      const began = monotonicMs()
      const signatures: string[] = []
      let doubted = false
      for (;;) {
        const signed = await order.sign(await freshBlockhash(chain, slotMs))
        signatures.push(signed.signature)
        // Between signing and sending, settlement waits for the log: others have their turn.
        await new Promise((resolve) => setImmediate(resolve))
        const attempt = await follow(parts, order, signed)
        doubted ||= attempt.doubted
        if (attempt.outcome === 'expired') continue
        const landing: Landing = { order: order.id, verdict: attempt.outcome, signatures, ms: monotonicMs() - began, doubted }
        if (!untilFinal) return landing
        if (await staysFinal(parts, order, signed, attempt.slot)) return { ...landing, finalMs: monotonicMs() - began }
      }
    },
    close: async () => {
      await tracker.close()
      await chain.close()
    },
  }
}

interface Parts {
  readonly chain: Chain
  readonly tracker: Tracker
  readonly slotMs: number
  readonly news: (id: string) => Promise<void>
}

const follow = async ({ chain, tracker, slotMs, news }: Parts, order: Order, signed: SignedOrder): Promise<Attempt> => {
  const { signature, wire, lastValidBlockHeight } = signed
  const landed = async (): Promise<{ readonly outcome: 'landed' | 'failed'; readonly slot: number } | undefined> => {
    const answer = await chain.transaction(signature)
    if (!answer.ok || !answer.value) return undefined
    return { outcome: answer.value.error === null ? 'landed' : 'failed', slot: answer.value.slot }
  }
  for (let doubted = false; ; ) {
    const sighting = tracker.follow({ accountId: order.id, signature, wire, lastValidBlockHeight })
    if (sighting.kind === 'pending') {
      await news(order.id)
      continue
    }
    if (sighting.kind === 'past') {
      const absence = await proveAbsence(chain, signature, { height: lastValidBlockHeight })
      if (absence.kind === 'proven') {
        tracker.forget(signature)
        return { outcome: 'expired', doubted }
      }
      doubted = true
      if (absence.kind !== 'found' || absence.state.commitment === 'processed') {
        await news(order.id)
        continue
      }
    }
    const outcome = await landed()
    if (outcome !== undefined) {
      tracker.forget(signature)
      return { ...outcome, doubted }
    }
    await pause(slotMs)
  }
}

/** True when the landing became final; false when it was proven gone for good and the order is to be signed anew. */
const staysFinal = async (parts: Parts, order: Order, signed: SignedOrder, landedAt: number): Promise<boolean> => {
  const { chain, tracker, news } = parts
  for (let slot = landedAt; ; ) {
    const sighting = tracker.finality({ accountId: order.id, signature: signed.signature, slot })
    if (sighting.kind === 'final') {
      tracker.forget(signed.signature)
      return true
    }
    if (sighting.kind === 'pending' || (await proveAbsence(chain, signed.signature, { slot })).kind !== 'proven') {
      await news(order.id)
      continue
    }
    // Taken back: the same bytes are open again, and only they may be sent until they are proven dead.
    const again = await follow(parts, order, signed)
    if (again.outcome === 'expired') return false
    slot = again.slot
  }
}

const freshBlockhash = async (chain: Chain, slotMs: number): Promise<LatestBlockhash> => {
  for (;;) {
    const latest = await chain.latestBlockhash()
    if (latest.ok) return latest.value
    await pause(slotMs)
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
