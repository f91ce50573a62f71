import {
  Connection,
  sendAndConfirmTransaction,
  TransactionExpiredBlockheightExceededError,
  TransactionExpiredTimeoutError,
} from '@solana/web3.js'
import bs58 from 'bs58'
import { monotonicMs } from '../../src/platform/clock.ts'
import type { Landing, Order, Policy, SignedOrder } from './order.ts'

interface Options {
  readonly urls: readonly string[]
  readonly slotMs: number
}

/** Who has signed so often and believes all of it dead gives the order up. */
const MOST_SIGNATURES = 6
/** Mainnet's, by which the policies' own times are meant. */
const MAINNET_SLOT_MS = 400

/** One user per order, each with one of the endpoints, as these libraries have it. */
const connections = ({ urls }: Options) => {
  const open = urls.map(
    (url) => new Connection(url, { commitment: 'confirmed', wsEndpoint: url.replace('http', 'ws'), disableRetryOnRateLimit: false }),
  )
  // It would hand out one blockhash for 30 s, which is longer than one lives at these slots.
  for (const connection of open) Object.assign(connection, { _disableBlockhashCaching: true })
  let next = 0
  return { pick: () => open[next++ % open.length]! }
}

/** web3.js as its documentation has it: send, confirm, and again with a new blockhash when it says expired. */
export const web3Policy = (options: Options): Policy => {
  const { pick } = connections(options)
  // Its own polls leave rejections that nobody can catch, which end a Node process: passed over, so that there is something to measure.
  const passOver = (): void => undefined
  process.on('unhandledRejection', passOver)
  return {
    name: 'web3.js sendAndConfirmTransaction',
    land: async (order) => {
      const connection = pick()
      const began = monotonicMs()
      const signatures: string[] = []
      for (;;) {
        const { transaction, signers } = order.unsigned()
        const outcome = await sendAndConfirmTransaction(connection, transaction, signers, {
          skipPreflight: true,
          commitment: 'confirmed',
        }).then(
          () => 'landed' as const,
          (error: unknown) => verdictOf(error),
        )
        if (transaction.signature) signatures.push(bs58.encode(transaction.signature))
        if (outcome === 'expired' && signatures.length < MOST_SIGNATURES) continue
        const verdict = outcome === 'expired' ? 'given_up' : outcome
        return { order: order.id, verdict, signatures, ms: monotonicMs() - began, doubted: false }
      }
    },
    close: async () => void process.off('unhandledRejection', passOver),
  }
}

const verdictOf = (error: unknown): 'expired' | 'failed' | 'given_up' => {
  if (error instanceof TransactionExpiredBlockheightExceededError || error instanceof TransactionExpiredTimeoutError) return 'expired'
  return error instanceof Error && /"err"|failed \(|custom program error/i.test(error.message) ? 'failed' : 'given_up'
}

/** One of our own writings of what bots do: send, poll one endpoint, sign anew on its belief that the last signature is dead. */
interface Belief {
  readonly name: string
  readonly resends: boolean
  dead(seen: { readonly height: number; readonly signed: SignedOrder; readonly slots: number }): boolean
}

const BELIEFS: readonly Belief[] = [
  { name: 'fire once', resends: false, dead: ({ height, signed }) => height > signed.lastValidBlockHeight },
  { name: '35 s clock', resends: true, dead: ({ slots }) => slots > 35_000 / MAINNET_SLOT_MS },
  { name: 'rebroadcast 2 s without proof', resends: true, dead: ({ height, signed }) => height > signed.lastValidBlockHeight },
]
/** Two seconds of mainnet. */
const LOOK_SLOTS = 2_000 / MAINNET_SLOT_MS

export const ownPolicies = (options: Options): Policy[] => BELIEFS.map((belief) => beliefPolicy(belief, options))

const beliefPolicy = (belief: Belief, options: Options): Policy => {
  const { slotMs } = options
  const { pick } = connections(options)
  const land = async (order: Order): Promise<Landing> => {
    const connection = pick()
    const began = monotonicMs()
    const signatures: string[] = []
    const told = (verdict: Landing['verdict']): Landing => ({
      order: order.id,
      verdict,
      signatures,
      ms: monotonicMs() - began,
      doubted: false,
    })
    while (signatures.length < MOST_SIGNATURES) {
      const latest = await retried(() => connection.getLatestBlockhash('confirmed'), slotMs)
      const signed = await order.sign(latest)
      signatures.push(signed.signature)
      const sentAt = monotonicMs()
      const send = () => quietly(connection.sendRawTransaction(signed.wire, { skipPreflight: true, maxRetries: 0 }))
      await send()
      for (let dead = false; !dead; ) {
        await pause(LOOK_SLOTS * slotMs)
        const [status, height] = await Promise.all([
          quietly(connection.getSignatureStatuses([signed.signature])),
          quietly(connection.getBlockHeight('confirmed')),
        ])
        const found = status?.value[0]
        if (found && found.confirmationStatus !== 'processed') return told(found.err === null ? 'landed' : 'failed')
        dead = belief.dead({ height: height ?? 0, signed, slots: (monotonicMs() - sentAt) / slotMs })
        if (!dead && belief.resends) await send()
      }
    }
    return told('given_up')
  }
  return { name: belief.name, land, close: async () => undefined }
}

const quietly = <T>(call: Promise<T>): Promise<T | undefined> => call.catch(() => undefined)
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const retried = async <T>(call: () => Promise<T>, ms: number): Promise<T> => {
  for (;;) {
    const value = await quietly(call())
    if (value !== undefined) return value
    await pause(ms)
  }
}
