import { z } from 'zod'
import type { InstrumentBook } from '../../events/instruments.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import type { Rules } from '../../events/rules.ts'
import { HOUSE, ID_PATTERN } from '../../events/streams.ts'
import { formatPrice, parsePrice, parseUnits } from '../../platform/decimal.ts'
import type { FieldError } from '../../platform/http/problem.ts'
import { type Route, refuse, route } from '../../platform/http/route.ts'
import { type AlgoRequest, algoCommandId } from '../algo/algo-state.ts'
import { existing } from './existing.ts'
import { AccountIdField, ClientId, PositiveDecimal, SymbolField } from './fields.ts'
import { lookForStrategy } from './look-for-strategy.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

/** A slice's clOrdId is `<algoId>-<slice>` and has at most 48 characters. */
const LONGEST_ID = 40
const MOST_SLICES = 1_000
/** Shorter slices would overlap the time that a swap takes. */
const SHORTEST_SLICE_MS = 1_000
const LONGEST_MS = 7 * 86_400_000

const Common = {
  accountId: AccountIdField,
  algoId: ClientId.refine((id) => id.length <= LONGEST_ID, `must be at most ${LONGEST_ID} characters`),
  symbol: SymbolField,
  side: z.enum(['buy', 'sell']),
  quantity: PositiveDecimal,
  maxSlippageBps: z.number().int().min(0).max(10_000).default(100),
  strategyId: ClientId.optional(),
}

const Body = z.discriminatedUnion('kind', [
  z
    .strictObject({
      ...Common,
      kind: z.literal('twap'),
      price: PositiveDecimal.optional(),
      slices: z.number().int().min(1).max(MOST_SLICES),
      durationMs: z.number().int().min(SHORTEST_SLICE_MS).max(LONGEST_MS),
    })
    .refine(({ slices, durationMs }) => durationMs / slices >= SHORTEST_SLICE_MS, {
      path: ['durationMs'],
      message: `must be at least ${SHORTEST_SLICE_MS} for each slice`,
    }),
  z.strictObject({ ...Common, kind: z.literal('iceberg'), price: PositiveDecimal, displayQuantity: PositiveDecimal }),
])
type Body = z.output<typeof Body>

export interface AlgoPorts extends CommandPorts {
  readonly instruments: InstrumentBook
  readonly rules?: Rules | undefined
}

/** POST /v1/algos → 201 with the algo; the same again 200, other terms under the same algoId 409. */
export const startAlgoRoute = (ports: AlgoPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/algos',
    scope: 'trade',
    body: Body,
    handle: async (context) => {
      const { body } = context
      const instrument = ports.instruments.bySymbol(body.symbol)
      const request = instrument && algoRequest(body, instrument)
      if (request && 'errors' in request) {
        const [first] = request.errors
        return refuse('invalid_request', `the body is not valid: ${first?.field} ${first?.reason}`, { errors: request.errors })
      }
      const forbidden = forbiddenAccount(context.grant, body.accountId)
      if (forbidden) return forbidden
      if (!request) return existing(ports, body.accountId, () => refuse('unknown_symbol', `no instrument ${body.symbol}`))
      await lookForStrategy(ports.rules, body.strategyId)
      return execute(ports, body.accountId, algoCommandId(body.algoId), { type: 'StartAlgo', request }, context)
    },
  })

const algoRequest = (body: Body, instrument: Instrument): AlgoRequest | { readonly errors: readonly FieldError[] } => {
  const { decimals } = instrument.base
  const lotSize = parseUnits(instrument.lotSize, decimals) ?? 1n
  const errors: FieldError[] = []
  const lots = (field: string, text: string): bigint => {
    const units = parseUnits(text, decimals)
    if (units !== undefined && units % lotSize === 0n) return units
    errors.push({ field, reason: `must be a multiple of ${instrument.lotSize}` })
    return 0n
  }
  const quantity = lots('quantity', body.quantity)
  const shown = body.kind === 'iceberg' ? lots('displayQuantity', body.displayQuantity) : 0n
  const price = body.price === undefined ? null : parsePrice(body.price)
  const tick = parsePrice(instrument.tickSize) ?? 1n
  if (price === undefined || (price !== null && price % tick !== 0n))
    errors.push({ field: 'price', reason: `must be a multiple of ${instrument.tickSize}` })
  if (body.kind === 'iceberg' && shown > quantity) errors.push({ field: 'displayQuantity', reason: 'must not be more than quantity' })
  if (errors.length > 0) return { errors }
  const { algoId, side, maxSlippageBps, strategyId } = body
  return {
    algoId,
    side,
    quantity,
    lotSize,
    maxSlippageBps,
    strategyId: strategyId ?? null,
    instrument,
    price: price === null || price === undefined ? null : formatPrice(price),
    plan:
      body.kind === 'twap'
        ? { kind: 'twap', slices: body.slices, intervalMs: Math.floor(body.durationMs / body.slices) }
        : { kind: 'iceberg', displayQty: shown.toString() },
  }
}

const ACTIONS = { pause: 'PauseAlgo', resume: 'ResumeAlgo', cancel: 'CancelAlgo' } as const

/** POST /v1/algos/{accountId}.{algoId}/pause|resume|cancel → 200 with the algo; again 200; ended 409. */
export const changeAlgoRoutes = (ports: AlgoPorts): readonly Route[] =>
  (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]).map((action) =>
    route({
      method: 'POST',
      path: `/v1/algos/:algoRef/${action}`,
      scope: 'trade',
      params: z.object({ algoRef: z.string().refine((ref) => parseAlgoRef(ref) !== undefined, 'must be <accountId>.<algoId>') }),
      handle: async (request) => {
        const { accountId, algoId } = parseAlgoRef(request.params.algoRef!)!
        if (accountId === HOUSE) return refuse('not_found', 'no such algo')
        const forbidden = forbiddenAccount(request.grant, accountId)
        if (forbidden) return forbidden
        // paused and resumed any number of times: each request is its own command
        const commandId = action === 'cancel' ? `ac-${algoId}` : `a${action[0]}-${request.correlationId}`
        return execute(ports, accountId, commandId, { type: ACTIONS[action], algoId }, request)
      },
    }),
  )

const parseAlgoRef = (ref: string): { readonly accountId: string; readonly algoId: string } | undefined => {
  const [accountId = '', algoId = '', ...rest] = ref.split('.')
  return rest.length === 0 && ID_PATTERN.test(accountId) && ID_PATTERN.test(algoId) ? { accountId, algoId } : undefined
}
