/** The one catalogue that maps outcomes to RFC 9457 problems. `retryable`: the same request may succeed later unchanged. */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is malformed', retryable: false },
  unauthorized: { status: 401, title: 'A valid API key is required', retryable: false },
  forbidden: { status: 403, title: 'This key may not do that', retryable: false },
  not_found: { status: 404, title: 'No such resource', retryable: false },
  duplicate_deposit_id: { status: 409, title: 'The depositId was used with other terms', retryable: false },
  duplicate_withdrawal_id: { status: 409, title: 'The withdrawalId was used with other terms', retryable: false },
  duplicate_transfer_id: { status: 409, title: 'The transferId was used with other terms', retryable: false },
  duplicate_correction_id: { status: 409, title: 'The correctionId was used with other terms', retryable: false },
  already_ended: { status: 409, title: 'It has ended, or can no longer be stopped', retryable: false },
  duplicate_cl_ord_id: { status: 409, title: 'The clOrdId was used with other terms', retryable: false },
  duplicate_algo_id: { status: 409, title: 'The algoId was used with other terms', retryable: false },
  second_actor_required: { status: 409, title: 'Another actor has to approve', retryable: false },
  strategy_state: { status: 409, title: 'The state of the strategy does not allow it', retryable: false },
  too_late_to_cancel: { status: 409, title: 'The order has ended', retryable: false },
  payload_too_large: { status: 413, title: 'The body is too large', retryable: false },
  unsupported_media_type: { status: 415, title: 'The body must be application/json', retryable: false },
  insufficient_funds: { status: 422, title: 'Available funds do not cover the order', retryable: false },
  limit_breached: { status: 422, title: 'A limit of the account refuses the order', retryable: false },
  halted: { status: 422, title: 'Trading is halted', retryable: false },
  no_route: { status: 422, title: 'The venue has no route for the order', retryable: false },
  unknown_symbol: { status: 422, title: 'No such instrument', retryable: false },
  unknown_strategy: { status: 422, title: 'No such strategy', retryable: false },
  unknown_asset: { status: 422, title: 'No such asset', retryable: false },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  internal: { status: 500, title: 'An unexpected fault', retryable: true },
  not_ready: { status: 503, title: 'A dependency is not ready', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>

export type ProblemCode = keyof typeof PROBLEMS

export interface FieldError {
  readonly field: string
  readonly reason: string
}

/** A refusal as a value; `extra` members join the problem document (orderId, …). */
export interface Refusal {
  readonly code: ProblemCode
  readonly detail: string
  readonly errors?: readonly FieldError[]
  readonly extra?: Readonly<Record<string, unknown>>
  /** Seconds; sent as Retry-After. */
  readonly retryAfter?: number
}

export const refusal = (code: ProblemCode, detail: string, rest: Omit<Refusal, 'code' | 'detail'> = {}): Refusal => ({
  code,
  detail,
  ...rest,
})

/** The application/problem+json document of a refusal. */
export const problemDocument = (r: Refusal, correlationId: string) => {
  const { status, title, retryable } = PROBLEMS[r.code]
  return {
    type: `urn:quant-bot:problem:${r.code}`,
    title,
    status,
    code: r.code,
    detail: r.detail,
    correlationId,
    retryable,
    ...(r.errors ? { errors: r.errors } : {}),
    ...r.extra,
  }
}
