import { Connection, Keypair } from '@solana/web3.js'
import type { RunOutcome } from '../harness.ts'
import { startBenchChain } from './chain-parts.ts'
import { type Order, transferOrder } from './order.ts'
import { productPolicy } from './product-policy.ts'

const SLOT_MS = 400
const ORDERS = 200
/** As often as the product's own poller looks. */
const POLL_MS = SLOT_MS / 2

/** RPC calls, counted by the front, from a signature to its finality: one poller for all against one for each. */
export const callsPerLanding = async (contender: 'quant-bot' | 'one poller each'): Promise<RunOutcome> => {
  const bench = await startBenchChain({ slotMs: SLOT_MS, ports: 2, seed: 1, profile: 'calm' })
  const policy = productPolicy({ urls: bench.front, slotMs: SLOT_MS, untilFinal: true })
  const connections = bench.front.map((url) => new Connection(url, 'confirmed'))
  try {
    const faucet = bench.faucet()
    const to = Keypair.generate().publicKey
    const orders = Array.from({ length: ORDERS }, (_, n) => transferOrder(`c-${n}`, faucet, to, 2_000_000 + n))
    // A pool has looked its endpoints over once before it is measured.
    await policy.land(transferOrder('warm', faucet, to, 1_900_000))
    await bench.admin('/counts/clear', {})
    const land = contender === 'quant-bot' ? (order: Order) => policy.land(order) : pollerEach(connections)
    await Promise.all(
      orders.map(async (order, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 5))
        await land(order)
      }),
    )
    const { counts } = await bench.admin('/')
    const of = (method: string) =>
      Object.entries(counts).reduce((sum, [what, count]) => sum + (what.startsWith('call:') && what.endsWith(method) ? count : 0), 0)
    return {
      metrics: { 'calls per landed': of('') / ORDERS, 'status calls per landed': of(':getSignatureStatuses') / ORDERS },
      cpuMs: null,
      correct: true,
    }
  } finally {
    await policy.close()
    await bench.close()
  }
}

const pollerEach = (connections: readonly Connection[]) => {
  let next = 0
  return async (order: Order): Promise<void> => {
    const connection = connections[next++ % connections.length]!
    const signed = await order.sign(await connection.getLatestBlockhash('confirmed'))
    await connection.sendRawTransaction(signed.wire, { skipPreflight: true, maxRetries: 0 })
    for (;;) {
      const { value } = await connection.getSignatureStatuses([signed.signature])
      if (value[0]?.confirmationStatus === 'finalized') return
      if ((await connection.getBlockHeight('confirmed')) > signed.lastValidBlockHeight) throw new Error(`${order.id} expired`)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }
}
