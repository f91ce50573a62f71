import { z } from 'zod'
import { fieldErrors } from '../../platform/http/input.ts'
import type { FieldError } from '../../platform/http/problem.ts'
import { type Reply, type RequestContext, type Route, refuse, route } from '../../platform/http/route.ts'
import type { OrderRequest } from '../order/order-request.ts'
import { isImmediate } from '../order/order-state.ts'
import { needsReference } from '../order/place.ts'
import { isFresh } from '../order/trigger.ts'
import { existing } from './existing.ts'
import { AccountIdField, ClientId, SymbolField } from './fields.ts'
import { lookForStrategy } from './look-for-strategy.ts'
import { OrderBody, orderRequest } from './order-body.ts'
import type { OrderPorts } from './placement.ts'
import { execute, forbiddenAccount } from './respond.ts'

const Body = z.strictObject({
  accountId: AccountIdField,
  listId: ClientId,
  kind: z.enum(['oco', 'oto', 'bracket']),
  symbol: SymbolField,
  /** Orders as POST /v1/orders takes them, without accountId and symbol. */
  orders: z.array(z.record(z.string(), z.unknown())).min(2).max(3),
})
type Body = z.output<typeof Body>

/**
 * POST /v1/order-lists → 201 {listId, orders, position}, again 200. oco: two resting orders of one side, of which any fill or end of one
 * ends the other. oto: the second waits until the first is filled. bracket: an entry and two exits, which wait for it and are an oco.
 */
export const placeListRoute = (ports: OrderPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/order-lists',
    scope: 'trade',
    query: z.strictObject({}),
    body: Body,
    handle: async (context) => {
      const { accountId, listId, kind, symbol } = context.body
      const instrument = ports.instruments.bySymbol(symbol)
      const bodies = legBodies(context.body)
      if ('errors' in bodies) return invalid(bodies.errors)
      const forbidden = forbiddenAccount(context.grant, accountId)
      if (forbidden) return forbidden
      if (!instrument) return existing(ports, accountId, () => refuse('unknown_symbol', `no instrument ${symbol}`))
      const parsed = bodies.map((body) => orderRequest(body, instrument))
      const errors = parsed.flatMap((leg, i) =>
        'errors' in leg ? leg.errors.map(({ field, reason }) => ({ field: `orders.${i}.${field}`, reason })) : [],
      )
      const legs = parsed.flatMap((leg) => ('errors' in leg ? [] : [leg]))
      const faults = errors.length > 0 ? errors : shapeFaults(kind, legs)
      if (faults.length > 0) return invalid(faults)
      await lookForStrategy(ports.rules, legs[0]?.strategyId)
      const reference = referenceFor(ports, context, legs)
      return execute(ports, accountId, `l-${listId}`, { type: 'PlaceList', listId, kind, legs, instrument, reference }, context)
    },
  })

const invalid = (errors: readonly FieldError[]): Reply =>
  refuse('invalid_request', `the body is not valid: ${errors[0]?.field} ${errors[0]?.reason}`, { errors })

const referenceFor = ({ quotes }: OrderPorts, { receivedAt }: RequestContext, legs: readonly OrderRequest[]) => {
  const [first] = legs
  const mid = first && legs.some(needsReference) ? quotes.mid(first.symbol) : undefined
  return mid && isFresh(mid, receivedAt) ? mid : undefined
}

const legBodies = ({ accountId, symbol, orders }: Body): readonly OrderBody[] | { readonly errors: readonly FieldError[] } => {
  const parsed = orders.map((order) => OrderBody.safeParse({ ...order, accountId, symbol }))
  const errors = parsed.flatMap((leg, i) =>
    (leg.error?.issues ?? []).flatMap(fieldErrors).map(({ field, reason }) => ({ field: `orders.${i}${field && `.${field}`}`, reason })),
  )
  return errors.length > 0 ? { errors } : parsed.flatMap((leg) => (leg.data ? [leg.data] : []))
}

/** What a list of its kind must be. */
const shapeFaults = (kind: Body['kind'], legs: readonly OrderRequest[]): readonly FieldError[] => {
  const count = kind === 'bracket' ? 3 : 2
  if (legs.length !== count) return [{ field: 'orders', reason: `a list of kind ${kind} has ${count} orders` }]
  const [first, ...rest] = legs as readonly [OrderRequest, ...OrderRequest[]]
  const resting = kind === 'oco' ? legs : rest
  const faults: FieldError[] = []
  const fault = (leg: OrderRequest, field: string, reason: string) => faults.push({ field: `orders.${legs.indexOf(leg)}.${field}`, reason })
  for (const leg of resting) {
    if (isImmediate(leg) || leg.type === 'market') fault(leg, 'timeInForce', 'must rest')
    if (leg.orderQty === null) fault(leg, 'quantity', 'must be given by quantity')
    if (kind !== 'oco' && leg.type === 'trailing_stop') fault(leg, 'type', 'a trailing stop cannot wait for another order')
    if (leg.strategyId !== first.strategyId) fault(leg, 'strategyId', 'must be that of the others')
    if (kind === 'oco' && leg.side !== first.side) fault(leg, 'side', 'must be the side of the others')
    if (kind === 'bracket' && leg.side === first.side) fault(leg, 'side', 'must be the other side of the entry')
  }
  if (new Set(legs.map(({ clOrdId }) => clOrdId)).size !== legs.length)
    faults.push({ field: 'orders', reason: 'each order has a clOrdId of its own' })
  return faults
}
