import { Keypair } from '@solana/web3.js'
import { createRegistry } from '../../src/platform/metrics.ts'
import { createChain } from '../../src/rpc/pool.ts'
import { quantile, type RunOutcome } from '../harness.ts'
import { openLoop } from '../harness-load.ts'
import { startBenchChain } from './chain-parts.ts'
import { transferOrder } from './order.ts'
import { productPolicy } from './product-policy.ts'

const SLOT_MS = 50
const HEALTHY = { latencyMs: 4 }
/** Ten times what a healthy endpoint takes. */
const SLOWED = { latencyMs: 40 }
const SICK = [HEALTHY, { ...SLOWED, lagSlots: 40 }, { ...SLOWED, tooMany: 0.7, retryAfterS: 1 }, { dead: true }, HEALTHY]
const READS_PER_SECOND = 120
const WARM_UP_MS = 2_000
const READ_MS = 4_000
const LANDINGS = 60

/** Reads and verdicts over five endpoints: all healthy, or one lagging, one that answers 429, one dead. A fresh pool each time. */
export const overEndpoints = async (contender: 'five healthy' | 'two healthy of five'): Promise<RunOutcome> => {
  const bench = await startBenchChain({ slotMs: SLOT_MS, ports: 5, seed: 1, profile: 'calm' })
  const chain = createChain({ urls: bench.front, registry: createRegistry('bench'), slotMs: SLOT_MS })
  const policy = productPolicy({ urls: bench.front, slotMs: SLOT_MS })
  try {
    const faucet = bench.faucet()
    const address = faucet.publicKey.toBase58()
    for (const port of bench.front.keys()) await bench.admin(`/ports/${port}`, contender === 'five healthy' ? HEALTHY : SICK[port])
    let failed = 0
    let asked = 0
    // Reads that change with every slot, so that none is answered from another's answer.
    const read = async (): Promise<void> => {
      const answer = asked++ % 2 === 0 ? await chain.balance(address) : await chain.latestBlockhash()
      if (!answer.ok) failed++
    }
    await openLoop(READS_PER_SECOND, WARM_UP_MS, read)
    failed = 0
    const { latencies } = await openLoop(READS_PER_SECOND, READ_MS, read)
    const to = Keypair.generate().publicKey
    const orders = Array.from({ length: LANDINGS }, (_, n) => transferOrder(`v-${n}`, faucet, to, 2_000_000 + n))
    const verdicts: number[] = []
    for (const order of orders.splice(0, 4)) await policy.land(order)
    await Promise.all(
      orders.map(async (order, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 40))
        const { ms, verdict } = await policy.land(order)
        if (verdict === 'landed') verdicts.push(ms)
        else failed++
      }),
    )
    return {
      metrics: {
        'read p50 ms': quantile(latencies, 0.5),
        'read p99 ms': quantile(latencies, 0.99),
        'verdict p50 ms': quantile(verdicts, 0.5),
        'verdict p99 ms': quantile(verdicts, 0.99),
        failed,
      },
      cpuMs: null,
      correct: failed === 0,
    }
  } finally {
    await policy.close()
    await chain.close()
    await bench.close()
  }
}
