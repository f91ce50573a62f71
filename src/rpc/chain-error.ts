import { BrokenCircuitError, BulkheadRejectedError, TaskCancelledError } from 'cockatiel'
import type { ChainError } from './chain.ts'

/** What a failed call says about the endpoint that was asked. */
export type FaultClass =
  /** No connection, no answer in time, a server's error, an answer nobody can read. */
  | 'broken'
  /** 429, or a limit told in JSON-RPC. */
  | 'limited'
  /** It is behind, or says so. */
  | 'behind'
  /** It answered no: that is about the question, not about the endpoint. */
  | 'refused'
  /** Not asked: set aside by its breaker, or its bulkhead is full. */
  | 'not_asked'
  /** Given up by us: another endpoint was faster. */
  | 'given_up'

/** A call that brought no result. */
export class RpcFailure extends Error {
  readonly fault: FaultClass
  readonly code: number | undefined
  /** When the endpoint may be asked again, ms from now, where it said so. */
  readonly retryAfterMs: number | undefined
  /** How far the endpoint says it is. */
  readonly slot: number | undefined

  constructor(
    fault: FaultClass,
    message: string,
    told: { code?: number; retryAfterMs?: number | undefined; slot?: number | undefined } = {},
  ) {
    super(message)
    this.fault = fault
    this.code = told.code
    this.retryAfterMs = told.retryAfterMs
    this.slot = told.slot
  }
}

/** The failure that a JSON-RPC error object tells. */
export const fromRpcError = (error: { readonly code: number; readonly message: string; readonly data?: unknown }): RpcFailure => {
  const { code, message } = error
  if (LIMIT_CODES.has(code) || LIMIT_TEXT.test(message)) return new RpcFailure('limited', message, { code })
  if (BEHIND_CODES.has(code)) return new RpcFailure('behind', message, { code, slot: contextSlot(error.data) })
  return new RpcFailure(code === INTERNAL_ERROR ? 'broken' : 'refused', message, { code })
}

/** Any thrown thing as a failure with its class. */
export const toFailure = (error: unknown): RpcFailure => {
  if (error instanceof RpcFailure) return error
  if (error instanceof BrokenCircuitError) return new RpcFailure('not_asked', 'endpoint is set aside after failures')
  if (error instanceof BulkheadRejectedError) return new RpcFailure('not_asked', 'too many calls are under way at the endpoint')
  if (error instanceof TaskCancelledError) return new RpcFailure('given_up', 'given up')
  return new RpcFailure('broken', error instanceof Error ? error.message || error.name : String(error))
}

/** What a failed call means to its caller. */
export const toChainError = (failure: RpcFailure): ChainError =>
  failure.fault === 'refused'
    ? { kind: 'refused', code: failure.code ?? INTERNAL_ERROR, detail: failure.message }
    : { kind: 'unavailable', detail: failure.message }

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

const INTERNAL_ERROR = -32603

/** The answer of a node that has not reached the slot asked for. */
export const MIN_CONTEXT_SLOT = -32016

/** A node that is behind or cannot serve now; another may, or the same one later. */
const BEHIND_CODES: ReadonlySet<number> = new Set([
  -32001, // block cleaned up
  -32004, // block not available
  -32005, // node unhealthy, behind
  -32007, // slot skipped or missing
  -32014, // block status not yet available
  MIN_CONTEXT_SLOT,
])

/** Providers tell a limit with HTTP 200 too. */
const LIMIT_CODES: ReadonlySet<number> = new Set([429, -32429, -32097])
const LIMIT_TEXT = /rate.?limit|too many requests|quota exceeded/i

const contextSlot = (data: unknown): number | undefined => {
  if (typeof data !== 'object' || data === null || !('contextSlot' in data)) return undefined
  return typeof data.contextSlot === 'number' ? data.contextSlot : undefined
}
