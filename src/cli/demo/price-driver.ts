import { systemClock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import type { PriceFeed } from './prices.ts'

/** Moves the local chain's SOL/USDC pool along a feed while the demonstration trades. */
export interface PriceDriver {
  /** The price last set. */
  current(): string
  /** Resolves when the last change is done. */
  stop(): Promise<void>
}

/** A minute of the feed every so often: quick enough that resting orders are reached, slow beside a quote's age. */
const STEP_MS = 400

/** Starts moving the price through the chain's own method for it; a chain without that method keeps its price. */
export const drivePrices = async (rpc: string, feed: PriceFeed, log: Logger): Promise<PriceDriver> => {
  let price = feed.prices[0]!
  await setPoolPrice(rpc, price)
  const stopping = new AbortController()
  const running = (async () => {
    for (let i = 1; !stopping.signal.aborted; i++) {
      await systemClock.sleep(STEP_MS, stopping.signal).catch(() => undefined)
      if (stopping.signal.aborted) return
      const next = feed.prices[i % feed.prices.length]!
      try {
        await setPoolPrice(rpc, next)
        price = next
      } catch (error) {
        log.warn({ err: error }, 'the price could not be set')
      }
    }
  })()
  return {
    current: () => price,
    stop: () => {
      stopping.abort()
      return running
    },
  }
}

/** @throws when the chain refuses: it is not a local one */
const setPoolPrice = async (rpc: string, price: string): Promise<void> => {
  const response = await fetch(rpc, {
    method: 'POST',
    signal: AbortSignal.timeout(5_000),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'quantbot_setPoolPrice', params: [{ symbol: 'SOL/USDC', price }] }),
  })
  const { error } = (await response.json()) as { error?: { message?: string } }
  if (error) throw new Error(`quantbot_setPoolPrice: ${error.message ?? 'refused'}`)
}
