import { join } from 'node:path'
import {
  createAssociatedTokenAccountIdempotentInstruction,
  createMintToInstruction,
  getAssociatedTokenAddressSync,
} from '@solana/spl-token'
import { Keypair, PublicKey, SystemProgram, type TransactionInstruction } from '@solana/web3.js'
import { Pool } from 'undici'
import { createRegistry } from '../../src/platform/metrics.ts'
import { createJupiterVenue } from '../../src/rpc/venue/jupiter.ts'
import type { RunOutcome } from '../harness.ts'
import { startPart } from '../harness-process.ts'
import { type BenchChain, executedOf, rpc, startBenchChain } from './chain-parts.ts'
import { instructionOrder, type Order } from './order.ts'
import { productPolicy } from './product-policy.ts'

const SLOT_MS = 400
/** Enough that the wait for the last slot, and code that is still cold, do not count for much. */
const SWAPS = 6_000
/** Sends of the bare loop under way: more of them only queue at the chain. */
const IN_FLIGHT = 64
/**
 * Orders of the product under way. Each is open until a slot later it is confirmed, so with a few at a time the slot would be measured, not
 * the work; with all at once it would sign them all before the first is sent, and the chain would wait meanwhile.
 */
const OPEN_ORDERS = 1_000
const WALLETS = 16
const SOL = new PublicKey('So11111111111111111111111111111111111111112')
const USDC = new PublicKey('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v')
const LOT = 1_000_000n

/** Swaps executed on the chain's own endpoint per second: signed, sent and seen landed by the product, or a bare loop of sends of signed bytes. */
export const swapsPerSecond = async (contender: 'quant-bot' | 'bare loop'): Promise<RunOutcome> => {
  const bench = await startBenchChain({ slotMs: SLOT_MS, ports: 1, seed: 1, profile: 'calm' })
  try {
    const orders = await swapOrders(bench)
    const url = bench.chain[0]!
    const before = bench.cpuMs()
    const { seconds, clientMs, signatures } = await (contender === 'quant-bot' ? landAll(url, orders) : sendAll(url, orders))
    const chainMs = (bench.cpuMs() ?? 0) - (before ?? 0)
    const landed = (await executedOf(url, signatures)).size
    return {
      metrics: { 'swaps/s': landed / seconds, 'client CPU ms per swap': clientMs / SWAPS, 'chain CPU ms per swap': chainMs / SWAPS },
      cpuMs: (clientMs + chainMs) / SWAPS,
      correct: landed === SWAPS && signatures.length === SWAPS,
    }
  } finally {
    await bench.close()
  }
}

interface Done {
  readonly seconds: number
  readonly clientMs: number
  readonly signatures: readonly string[]
}

const landAll = async (url: string, orders: readonly Order[]): Promise<Done> => {
  const policy = productPolicy({ urls: [url], slotMs: SLOT_MS })
  try {
    return await timed(orders, OPEN_ORDERS, async (order) => (await policy.land(order)).signatures)
  } finally {
    await policy.close()
  }
}

const sendAll = async (url: string, orders: readonly Order[]): Promise<Done> => {
  const pool = new Pool(url, { connections: IN_FLIGHT })
  const latest = (await rpc<{ value: { blockhash: string; lastValidBlockHeight: number } }>(url, 'getLatestBlockhash')).value
  const bytes = new Map(await Promise.all(orders.map(async (order) => [order.id, await order.sign(latest)] as const)))
  try {
    return await timed(orders, IN_FLIGHT, async ({ id }) => {
      const { wire, signature } = bytes.get(id)!
      const params = [Buffer.from(wire).toString('base64'), { encoding: 'base64', skipPreflight: true, maxRetries: 0 }]
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'sendTransaction', params })
      const response = await pool.request({ method: 'POST', path: '/', headers: { 'content-type': 'application/json' }, body })
      await response.body.text()
      return [signature]
    })
  } finally {
    await pool.close()
  }
}

const timed = async (orders: readonly Order[], atOnce: number, work: (order: Order) => Promise<readonly string[]>): Promise<Done> => {
  const signatures: string[] = []
  let next = 0
  const began = performance.now()
  const cpuBefore = process.cpuUsage()
  const worker = async (): Promise<void> => {
    for (let order = orders[next++]; order; order = orders[next++]) signatures.push(...(await work(order)))
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const { user, system } = process.cpuUsage(cpuBefore)
  return { seconds: (performance.now() - began) / 1_000, clientMs: (user + system) / 1_000, signatures }
}

/** Sales of SOL by wallets that hold enough, the instructions as the venue builds them. */
const swapOrders = async (bench: BenchChain): Promise<Order[]> => {
  const venuePart = await startPart('embedded/venue/main', ['--rpc', bench.chain.join(','), '--pools', join(bench.folder, 'pools.json')])
  const venue = createJupiterVenue({ url: venuePart.announcement.url!, apiKey: undefined, registry: createRegistry('bench') })
  try {
    const swaps: (readonly [Keypair, readonly TransactionInstruction[]])[] = []
    for (let n = 0; n < WALLETS; n++) {
      const wallet = Keypair.generate()
      await fund(bench, wallet)
      const taker = wallet.publicKey.toBase58()
      const request = { mode: 'exact_in', inputMint: USDC.toBase58(), outputMint: SOL.toBase58(), amount: LOT, taker } as const
      const built = await venue.build(request, { limit: 1n, payer: taker })
      if (!built.ok) throw new Error(built.error.detail)
      swaps.push([wallet, built.value.instructions])
    }
    return Array.from({ length: SWAPS }, (_, n) => {
      const [wallet, instructions] = swaps[n % WALLETS]!
      return instructionOrder(`s-${n}`, [wallet], instructions, 200_000 + n)
    })
  } finally {
    await venue.close()
    await venuePart.stop()
  }
}

const fund = async (bench: BenchChain, { publicKey }: Keypair): Promise<void> => {
  const faucet = bench.faucet()
  const accounts = [SOL, USDC].map((mint) => [mint, getAssociatedTokenAddressSync(mint, publicKey)] as const)
  const instructions = [
    SystemProgram.transfer({ fromPubkey: faucet.publicKey, toPubkey: publicKey, lamports: 100_000_000_000 }),
    ...accounts.map(([mint, account]) => createAssociatedTokenAccountIdempotentInstruction(faucet.publicKey, account, publicKey, mint)),
    createMintToInstruction(USDC, accounts[1]![1], faucet.publicKey, LOT * BigInt(SWAPS) * 2n),
  ]
  const latest = (await rpc<{ value: { blockhash: string; lastValidBlockHeight: number } }>(bench.chain[0]!, 'getLatestBlockhash')).value
  const { wire } = await instructionOrder('fund', [faucet], instructions, 400_000).sign(latest)
  await rpc(bench.chain[0]!, 'sendTransaction', Buffer.from(wire).toString('base64'), { encoding: 'base64' })
}
