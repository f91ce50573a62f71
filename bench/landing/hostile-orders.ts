import { Keypair } from '@solana/web3.js'
import { quantile, type RunOutcome } from '../harness.ts'
import { executedOf, startBenchChain } from './chain-parts.ts'
import { type Landing, type Policy, transferOrder } from './order.ts'

export interface HostileLoad {
  readonly orders: number
  readonly inFlight: number
  readonly slotMs: number
  readonly ports: number
  readonly seed: number
  readonly profile: string
  /** Told now and then how many orders have their verdict. */
  readonly progress?: (done: number, seconds: number) => void
}

/** Blocks after which nothing held back can land any more, with room. */
const QUIET_BLOCKS = 190

const TOLD_EVERY = 500

/** Lands the same orders through the same faults with one policy; the chain itself tells afterwards what really happened. */
export const landThrough = async (
  load: HostileLoad,
  open: (at: { readonly urls: readonly string[]; readonly slotMs: number }) => Policy,
): Promise<RunOutcome & { readonly policy: string }> => {
  const { orders, inFlight, slotMs } = load
  const bench = await startBenchChain(load)
  const policy = open({ urls: bench.front, slotMs })
  try {
    const faucet = bench.faucet()
    const to = Keypair.generate().publicKey
    const landings: Landing[] = []
    let next = 0
    const began = performance.now()
    const worker = async (): Promise<void> => {
      for (let n = next++; n < orders; n = next++) {
        landings.push(await policy.land(transferOrder(`o-${n}`, faucet, to, 2_000_000 + n)))
        if (landings.length % TOLD_EVERY === 0) load.progress?.(landings.length, (performance.now() - began) / 1_000)
      }
    }
    await Promise.all(Array.from({ length: inFlight }, worker))
    const seconds = (performance.now() - began) / 1_000
    await new Promise((resolve) => setTimeout(resolve, QUIET_BLOCKS * slotMs))

    const executed = await executedOf(
      bench.chain[0]!,
      landings.flatMap(({ signatures }) => signatures),
    )
    const times = (landing: Landing) => landing.signatures.filter((signature) => executed.has(signature)).length
    const doubled = landings.filter((landing) => times(landing) > 1).length
    const wrong = landings.filter((landing) => (landing.verdict === 'landed') !== times(landing) > 0).length
    const uncertain = landings.filter(({ doubted, signatures, verdict }) => doubted || signatures.length > 1 || verdict === 'given_up')
    const resolved = uncertain.filter((landing) => landing.verdict === 'landed' && times(landing) === 1).length
    const { counts } = await bench.admin('/')
    const calls = Object.entries(counts).reduce((sum, [what, count]) => sum + (what.startsWith('call:') ? count : 0), 0)
    const finals = landings.flatMap(({ finalMs }) => (finalMs === undefined ? [] : [finalMs]))
    return {
      policy: policy.name,
      metrics: {
        doubled,
        'wrong verdicts': wrong,
        'unknowns resolved %': uncertain.length === 0 ? 100 : (100 * resolved) / uncertain.length,
        'landing rate %': (100 * landings.filter((landing) => times(landing) > 0).length) / orders,
        'verdict p50 ms': quantile(
          landings.map(({ ms }) => ms),
          0.5,
        ),
        'verdict p99 ms': quantile(
          landings.map(({ ms }) => ms),
          0.99,
        ),
        ...(finals.length === 0 ? {} : { 'final p50 ms': quantile(finals, 0.5), 'final p99 ms': quantile(finals, 0.99) }),
        'signatures per order': landings.reduce((sum, { signatures }) => sum + signatures.length, 0) / orders,
        'calls per landed': calls / Math.max(1, executed.size),
        'orders/s': orders / seconds,
        'unusual fates': Object.entries(counts).reduce((sum, [what, count]) => sum + (what.startsWith('fate:') ? count : 0), 0),
      },
      cpuMs: null,
      // A policy that doubles is what this measures: its figures stand.
      correct: true,
    }
  } finally {
    await policy.close()
    await bench.close()
  }
}
