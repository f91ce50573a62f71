import { VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'
import { z } from 'zod'
import { AMM_PROGRAM_ID } from '../solana/amm.ts'
import { type Chain, ChainUnavailable } from './chain.ts'
import type { Pools } from './pools.ts'

const Body = z.object({
  signedTransaction: z.base64(),
  requestId: z.string().min(1),
  lastValidBlockHeight: z.coerce.number().int().optional(),
})

/** POST /swap/v2/execute: sends the signed transaction again and again until it is confirmed or can no longer land. */
export const execute = async (chain: Chain, pools: Pools, body: unknown, signal: AbortSignal): Promise<object> => {
  const parsed = Body.safeParse(body)
  if (!parsed.success) return failed(-2, 'Invalid signed transaction')
  const wire = parsed.data.signedTransaction
  const transaction = decode(wire)
  if (!transaction) return failed(-1002, 'Invalid transaction')
  const swap = findSwap(transaction, pools)
  if (!swap) return failed(-3, 'Invalid message bytes: no swap of this venue')
  if (transaction.signatures.some((signature) => signature.every((byte) => byte === 0)))
    return failed(-1003, 'Transaction not fully signed')
  const signature = bs58.encode(transaction.signatures[0] as Uint8Array)

  const { recentBlockhash } = transaction.message
  const isValid = async () => (await chain.call(Valid, 'isBlockhashValid', recentBlockhash, { commitment: 'confirmed' })).value
  const send = { method: 'sendTransaction', params: [wire, { encoding: 'base64', skipPreflight: true, maxRetries: 0 }] }
  // Before the first send a dead chain is a plain refusal; after it the transaction may land, and only its fate is an answer.
  await isValid()

  const deadline = performance.now() + PATIENCE_MS
  for (let round = 0; !signal.aborted && performance.now() < deadline; round++) {
    try {
      if (round % RESEND_EVERY === 0) await chain.batch([send])
      // The blockhash first: were it asked after the status, the transaction could land in between and look expired.
      const valid = await isValid()
      const { value } = await chain.call(Statuses, 'getSignatureStatuses', [signature], { searchTransactionHistory: true })
      const status = value[0]
      if (status && status.confirmationStatus !== 'processed') {
        const landed = { signature, slot: String(status.slot) }
        if (status.err !== null)
          return { ...failed(programCode(status.err), `Transaction failed: ${JSON.stringify(status.err)}`), ...landed }
        return { status: 'Success', ...landed, code: 0, ...(await amounts(chain, signature, swap)) }
      }
      if (!valid && !status) return { ...failed(-1000, 'Transaction expired without landing'), signature }
    } catch (error) {
      if (!(error instanceof ChainUnavailable)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return { ...failed(-1001, 'Outcome unknown'), signature }
}

const POLL_MS = 100
/** Every two seconds, the usual pace of rebroadcasts. */
const RESEND_EVERY = 20
/** Longer than a blockhash lives at mainnet's pace, so that silence this long means a broken chain. */
const PATIENCE_MS = 120_000

const Valid = z.object({ value: z.boolean() })
const Statuses = z.object({
  value: z.array(z.object({ slot: z.number(), err: z.unknown().nullable(), confirmationStatus: z.string() }).nullable()),
})
const Balances = z.array(z.object({ mint: z.string(), owner: z.string(), uiTokenAmount: z.object({ amount: z.string() }) }))
const Landed = z.object({ meta: z.object({ preTokenBalances: Balances, postTokenBalances: Balances }) })

const failed = (code: number, error: string) => ({ status: 'Failed', code, error })

const decode = (wire: string): VersionedTransaction | undefined => {
  try {
    return VersionedTransaction.deserialize(Buffer.from(wire, 'base64'))
  } catch {
    return undefined
  }
}

interface Swap {
  readonly taker: string
  readonly inputMint: string
  readonly outputMint: string
}

/** The first swap in the transaction, read from its accounts (pool, user, userIn, userOut, vaultIn, vaultOut). */
const findSwap = ({ message }: VersionedTransaction, pools: Pools): Swap | undefined => {
  const key = (index: number | undefined) => (index === undefined ? undefined : message.staticAccountKeys[index]?.toBase58())
  for (const instruction of message.compiledInstructions) {
    if (!message.staticAccountKeys[instruction.programIdIndex]?.equals(AMM_PROGRAM_ID)) continue
    const [pool, taker, , , vaultIn, vaultOut] = instruction.accountKeyIndexes.map(key)
    const entry = pools.all.find((known) => known.pool === pool)
    const side = (vault: string | undefined) => [entry?.base, entry?.quote].find((known) => known?.vault === vault)
    const [input, output] = [side(vaultIn), side(vaultOut)]
    if (taker && input && output) return { taker, inputMint: input.mint, outputMint: output.mint }
  }
  return undefined
}

const programCode = (error: unknown): number => {
  const code = JSON.stringify(error).match(/"Custom":(\d+)/)?.[1]
  return code === undefined ? -1001 : Number(code)
}

/** What the taker really gave and got, from the landed transaction. */
const amounts = async (chain: Chain, signature: string, swap: Swap) => {
  const { meta } = await chain.call(Landed, 'getTransaction', signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 })
  const change = (mint: string) => {
    const held = (balances: z.infer<typeof Balances>) =>
      balances.filter((b) => b.mint === mint && b.owner === swap.taker).reduce((sum, b) => sum + BigInt(b.uiTokenAmount.amount), 0n)
    return held(meta.postTokenBalances) - held(meta.preTokenBalances)
  }
  const [given, got] = [String(-change(swap.inputMint)), String(change(swap.outputMint))]
  return {
    totalInputAmount: given,
    totalOutputAmount: got,
    inputAmountResult: given,
    outputAmountResult: got,
    swapEvents: [{ inputMint: swap.inputMint, inputAmount: given, outputMint: swap.outputMint, outputAmount: got }],
  }
}
