import { randomBytes } from 'node:crypto'
import { Keypair, PublicKey } from '@solana/web3.js'
import { createRegistry } from '../../src/platform/metrics.ts'
import { createChain } from '../../src/rpc/pool.ts'
import { quantile, type ResultLine, type RunOutcome, summarise } from '../harness.ts'
import { openLoop } from '../harness-load.ts'
import { type BenchChain, startBenchChain, startFront } from './chain-parts.ts'
import { transferOrder } from './order.ts'
import { productPolicy } from './product-policy.ts'

const SLOT_MS = 50
const HEALTHY = { latencyMs: 4 }
/** Ten times what a healthy endpoint takes. */
const SLOWED = { latencyMs: 40 }
const SICK = [HEALTHY, { ...SLOWED, lagSlots: 40 }, { ...SLOWED, tooMany: 0.7, retryAfterS: 1 }, { dead: true }, HEALTHY]
const ENDPOINTS = SICK.length
const READS_PER_SECOND = 120
const WARM_UP_MS = 3_000
const READ_MS = 8_000
const LANDINGS = 300
const LANDING_EVERY_MS = 25

const PERCENTILES = [0.5, 0.95, 0.99] as const

interface Side {
  readonly name: string
  read(): Promise<number>
  land(n: number): Promise<number>
  failed(): number
  close(): Promise<void>
}

/**
 * Reads and verdicts over five healthy endpoints, and over five of which one lags, one answers 429 and one is dead. Both pools run at
 * the same time in one process before one chain, a read of the one beside a read of the other: whatever else the machine does, it does
 * to both. A round gives a ratio; the figure is the median of the rounds.
 */
export const overEndpoints = async (rounds: number, told: (line: string) => void): Promise<ResultLine[]> => {
  const outcomes: Record<'five healthy' | 'two healthy of five' | 'sick : healthy', RunOutcome[]> = {
    'five healthy': [],
    'two healthy of five': [],
    'sick : healthy': [],
  }
  for (let round = 0; round < rounds; round++) {
    const [healthy, sick] = await oneRound()
    outcomes['five healthy'].push(healthy)
    outcomes['two healthy of five'].push(sick)
    const ratios = Object.entries(sick.metrics).flatMap(([metric, value]) =>
      metric.endsWith(' ms') ? [[metric.replace(' ms', ''), value / (healthy.metrics[metric] ?? 1)] as const] : [],
    )
    outcomes['sick : healthy'].push({ metrics: Object.fromEntries(ratios), cpuMs: null, correct: healthy.correct && sick.correct })
    told(`  round ${round + 1} of ${rounds}: ${ratios.map(([metric, ratio]) => `${metric} ${ratio.toFixed(2)}`).join(', ')}`)
  }
  return Object.entries(outcomes).flatMap(([name, all]) => summarise(name, all))
}

const oneRound = async (): Promise<readonly [RunOutcome, RunOutcome]> => {
  const bench = await startBenchChain({ slotMs: SLOT_MS, ports: ENDPOINTS, seed: 1, profile: JSON.stringify({ ports: [HEALTHY] }) })
  const second = await startFront(bench.chain[0]!, {
    slotMs: SLOT_MS,
    ports: ENDPOINTS,
    seed: 1,
    profile: JSON.stringify({ ports: SICK }),
  })
  const sides = [sideOf('five healthy', bench.front, bench), sideOf('two healthy of five', second.urls, bench)] as const
  try {
    const reads = await readings(sides)
    const verdicts = await landings(sides)
    return [0, 1].map((side): RunOutcome => {
      const failed = sides[side]!.failed()
      const of = (what: string, values: readonly number[]) =>
        PERCENTILES.map((q) => [`${what} p${q * 100} ms`, quantile(values, q)] as const)
      const metrics = Object.fromEntries([...of('read', reads[side]!), ...of('verdict', verdicts[side]!)])
      return { metrics: { ...metrics, failed }, cpuMs: null, correct: failed === 0 }
    }) as [RunOutcome, RunOutcome]
  } finally {
    for (const side of sides) await side.close()
    await second.close()
    await bench.close()
  }
}

const readings = async (sides: readonly Side[]): Promise<number[][]> => {
  let asked = 0
  const times: number[][] = sides.map(() => [])
  // Each side first in turn.
  const both = () => {
    const turn = asked++ % 2
    return Promise.all([turn, 1 - turn].map(async (side) => times[side]!.push(await sides[side]!.read())))
  }
  await openLoop(READS_PER_SECOND, WARM_UP_MS, both)
  for (const of of times) of.length = 0
  await openLoop(READS_PER_SECOND, READ_MS, both)
  return times
}

const landings = async (sides: readonly Side[]): Promise<number[][]> => {
  const times: number[][] = sides.map(() => [])
  // The first ones open connections.
  for (const side of sides) await Promise.all([0, 1, 2, 3].map((n) => side.land(n)))
  await Promise.all(
    Array.from({ length: LANDINGS }, async (_, n) => {
      await new Promise((resolve) => setTimeout(resolve, n * LANDING_EVERY_MS))
      const order = n % 2 === 0 ? [0, 1] : [1, 0]
      await Promise.all(order.map(async (side) => times[side]!.push(await sides[side]!.land(4 + n))))
    }),
  )
  return times
}

const sideOf = (name: string, urls: readonly string[], bench: BenchChain): Side => {
  const chain = createChain({ urls, registry: createRegistry('bench'), slotMs: SLOT_MS })
  const policy = productPolicy({ urls, slotMs: SLOT_MS })
  const faucet = bench.faucet()
  const to = Keypair.generate().publicKey
  let asked = 0
  let failed = 0
  return {
    name,
    read: async () => {
      const began = performance.now()
      // Of different accounts, so that none is answered from another's answer.
      const address = new PublicKey(randomBytes(32)).toBase58()
      const answer = asked++ % 2 === 0 ? await chain.balance(address) : await chain.accounts([address])
      if (!answer.ok) failed++
      return performance.now() - began
    },
    land: async (n) => {
      const { ms, verdict } = await policy.land(transferOrder(`v-${name}-${n}`, faucet, to, 2_000_000 + n))
      if (verdict !== 'landed') failed++
      return ms
    },
    failed: () => failed,
    close: async () => {
      await policy.close()
      await chain.close()
    },
  }
}
