import type { Logger } from '../../../platform/log.ts'

export type Method = (params: readonly unknown[]) => unknown
export type Methods = Readonly<Record<string, Method>>

/** An error the caller is to see, with the code of Solana's JSON-RPC. Thrown by methods, answered by `dispatch`. */
export class RpcError extends Error {
  readonly code: number
  readonly data: unknown
  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/** Codes as Solana's RPC uses them. */
export const INVALID_PARAMS = -32602
export const PREFLIGHT_FAILED = -32002
export const SIGNATURE_FAILED = -32003
export const NODE_UNHEALTHY = -32005
export const VERSION_UNSUPPORTED = -32015
export const MIN_CONTEXT_SLOT = -32016

/**
 * Answers one request body (single or batch); undefined when nothing is to be answered. `durable` is awaited before any answer
 * leaves, so that no answer speaks of what a crash could undo.
 */
export const dispatch = async (methods: Methods, body: unknown, durable: () => Promise<void>, log: Logger): Promise<unknown> => {
  if (!Array.isArray(body)) {
    const answer = await one(methods, body, log)
    await durable()
    return answer
  }
  if (body.length === 0) return failure(null, -32600, 'Invalid request')
  const answers: unknown[] = []
  // In order: a batch that sends and then asks sees its own send.
  for (const request of body) {
    const answer = await one(methods, request, log)
    if (answer !== undefined) answers.push(answer)
  }
  // Once for all of them: ten sends of one batch are one write to the disk.
  await durable()
  return answers.length > 0 ? answers : undefined
}

export const parseError = () => failure(null, -32700, 'Parse error')

const one = async (methods: Methods, request: unknown, log: Logger): Promise<unknown> => {
  if (typeof request !== 'object' || request === null || !('method' in request) || typeof request.method !== 'string')
    return failure(null, -32600, 'Invalid request')
  const id = 'id' in request ? request.id : undefined
  const params = 'params' in request && Array.isArray(request.params) ? (request.params as unknown[]) : []
  const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined
  if (!method) return id === undefined ? undefined : failure(id, -32601, 'Method not found')
  try {
    const result = await method(params)
    return id === undefined ? undefined : { jsonrpc: '2.0', result: result ?? null, id }
  } catch (error) {
    if (id === undefined) return undefined
    if (error instanceof RpcError) return failure(id, error.code, error.message, error.data)
    log.error({ err: error, method: request.method }, 'method failed')
    return failure(id, -32603, 'Internal error')
  }
}

const failure = (id: unknown, code: number, message: string, data?: unknown) => ({
  jsonrpc: '2.0',
  error: { code, message, ...(data === undefined ? {} : { data }) },
  id,
})
