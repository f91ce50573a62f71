import { VersionedTransaction } from '@solana/web3.js'
import type { JupiterHttp } from './jupiter-http.ts'
import { ExecuteResponse, OrderResponse } from './jupiter-schema.ts'
import { beyondLimit, keeps, slippageWithin } from './slippage.ts'
import type { ManagedOrder, ManagedVenue, SwapRequest, VenueAnswer, VenueError } from './venue.ts'

/** As long as Jupiter itself goes on; the chain is asked all the while. */
const EXECUTE_TIMEOUT_MS = 30_000
/** The price may move between a quote and the order with the slippage it allows: then a half, a quarter … of the room is asked for. */
const MOST_PARTS = 8

/** Jupiter's managed landing: /order gives the whole transaction, /execute lands it once it is signed. */
export const createJupiterManaged = (http: JupiterHttp, executeTimeoutMs = EXECUTE_TIMEOUT_MS): ManagedVenue => {
  const fetchOrder = async (swap: SwapRequest, payer: string, slippageBps: number): Promise<VenueAnswer<OrderResponse>> => {
    const swapMode = swap.mode === 'exact_in' ? 'ExactIn' : 'ExactOut'
    const query = { inputMint: swap.inputMint, outputMint: swap.outputMint, amount: swap.amount.toString(), taker: swap.taker, payer }
    // A maker's route is complete only after /execute: what we sign is to be a transaction that we can follow and send by ourselves.
    const answer = await http.get(
      '/swap/v2/order',
      { ...query, swapMode, slippageBps: String(slippageBps), wrapAndUnwrapSol: 'false', excludeRouters: 'jupiterz' },
      OrderResponse,
    )
    if (!answer.ok) return answer
    const { value } = answer
    const fixed = swap.mode === 'exact_in' ? value.inAmount : value.outAmount
    const same = value.inputMint === swap.inputMint && value.outputMint === swap.outputMint && fixed === swap.amount
    return same && value.swapMode === swapMode
      ? answer
      : failed('unavailable', `asked for ${swapMode} ${swap.amount}, got ${value.swapMode}`)
  }

  return {
    order: async (swap, { limit, payer }) => {
      let answer = await fetchOrder(swap, payer, 0)
      for (let part = 1; part <= MOST_PARTS; part *= 2) {
        if (!answer.ok) return answer
        const room = slippageWithin(swap, answer.value, limit)
        if (room === undefined) return beyondLimit(swap, answer.value, limit)
        answer = await fetchOrder(swap, payer, Math.floor(room / part))
        if (answer.ok && keeps(swap, answer.value.otherAmountThreshold, limit)) return toOrder(swap, answer.value)
      }
      return failed('unavailable', 'the price moves faster than it can be asked for')
    },
    execute: async (wire, requestId) => {
      const body = { signedTransaction: Buffer.from(wire).toString('base64'), requestId }
      const answer = await http.post('/swap/v2/execute', body, ExecuteResponse, executeTimeoutMs)
      if (!answer.ok) return { kind: 'unknown', detail: answer.error.detail }
      const { status, code, error } = answer.value
      const detail = [code, error].filter((part) => part !== undefined && part !== null).join(': ')
      if (status === 'Success') return { kind: 'landed', detail }
      return { kind: code === UNKNOWN ? 'unknown' : code === NOT_LANDED ? 'not_landed' : 'failed', detail }
    },
  }
}

/** Jupiter's codes of /execute. */
const NOT_LANDED = -1000
const UNKNOWN = -1001

const toOrder = (swap: SwapRequest, answer: OrderResponse): VenueAnswer<ManagedOrder> => {
  const { transaction, requestId, errorMessage } = answer
  if (!transaction) return failed('unavailable', `no transaction: ${errorMessage ?? 'no reason told'}`)
  let built: VersionedTransaction
  try {
    built = VersionedTransaction.deserialize(Buffer.from(transaction, 'base64'))
  } catch (error) {
    return failed('unavailable', `a transaction that can't be read: ${String(error)}`)
  }
  const route = answer.routePlan.map(({ swapInfo }) => swapInfo.label ?? '?')
  const quote = { request: swap, inAmount: answer.inAmount, outAmount: answer.outAmount, route }
  const lastValidBlockHeight = Number(answer.lastValidBlockHeight ?? 0)
  return { ok: true, value: { quote, threshold: answer.otherAmountThreshold, transaction: built, requestId, lastValidBlockHeight } }
}

const failed = (kind: VenueError['kind'], detail: string): { ok: false; error: VenueError } => ({ ok: false, error: { kind, detail } })
