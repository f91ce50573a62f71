import { SendTransactionError, SolanaJSONRPCError } from '@solana/web3.js'
import { BrokenCircuitError } from 'cockatiel'
import type { ChainError } from './chain.ts'

/** A node that is behind or cannot serve now; another may, or the same one later. */
const TRANSIENT_CODES: ReadonlySet<number> = new Set([
  -32004, // block not available
  -32005, // node unhealthy, behind
  -32014, // block status not yet available
  -32016, // minContextSlot not reached
  -32603, // internal error
])

/** What a failed call means to its caller. A transport failure is `unavailable`, an answer of the node `refused`. */
export const toChainError = (error: unknown): ChainError => {
  if (error instanceof BrokenCircuitError) return { kind: 'unavailable', detail: 'endpoint is set aside after failures' }
  const code = rpcCode(error)
  const detail = error instanceof Error ? error.message : String(error)
  return code === undefined || TRANSIENT_CODES.has(code) ? { kind: 'unavailable', detail } : { kind: 'refused', code, detail }
}

/** Whether a failure speaks against the endpoint (transport, overload, lag) rather than against the question. */
export const isEndpointFault = (error: Error): boolean =>
  toChainError(error).kind === 'unavailable' && !(error instanceof BrokenCircuitError)

/** The name of a transaction error as the chain gives it: `custom:6001`, `instruction:ProgramFailedToComplete`, `BlockhashNotFound`. */
export const transactionErrorName = (error: unknown): string | null => {
  if (error === null || error === undefined) return null
  if (typeof error === 'string') return error
  if (typeof error !== 'object') return String(error)
  const [name, detail] = Object.entries(error)[0] ?? ['Unknown', null]
  if (name !== 'InstructionError' || !Array.isArray(detail)) return name
  const cause: unknown = detail[1]
  if (typeof cause === 'string') return `instruction:${cause}`
  if (typeof cause === 'object' && cause !== null) {
    if ('Custom' in cause) return `custom:${String(cause.Custom)}`
    return `instruction:${Object.keys(cause)[0] ?? 'Unknown'}`
  }
  return 'instruction:Unknown'
}

const rpcCode = (error: unknown): number | undefined => {
  if (error instanceof SolanaJSONRPCError && typeof error.code === 'number') return error.code
  // For a send and a simulation web3.js keeps only the text of the node's answer.
  if (error instanceof SendTransactionError) return REJECTED
  const simulation = error instanceof Error ? /^failed to simulate transaction: (.*)/s.exec(error.message)?.[1] : undefined
  return simulation === undefined || LAGGING.test(simulation) ? undefined : REJECTED
}

/** JSON-RPC code of a refused transaction. */
const REJECTED = -32002
const LAGGING = /minimum context slot|unhealthy|behind/i
