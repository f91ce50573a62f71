import type { InstrumentBook } from '../../events/instruments.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import type { Rules } from '../../events/rules.ts'
import { type Reply, type RequestContext, refuse } from '../../platform/http/route.ts'
import type { AccountCommand, Answer } from '../account/command.ts'
import { decide } from '../account/decide.ts'
import { knowsClOrdId } from '../account/place-order.ts'
import type { AccountState } from '../account/state.ts'
import { briefed } from '../handler/brief.ts'
import { isStop } from '../order/conditions.ts'
import type { OrderRequest } from '../order/order-request.ts'
import { isImmediate } from '../order/order-state.ts'
import { needsReference } from '../order/place.ts'
import { isFresh } from '../order/trigger.ts'
import { existing } from './existing.ts'
import { lookForStrategy } from './look-for-strategy.ts'
import { type OrderBody, orderRequest } from './order-body.ts'
import type { QuoteSource } from './quote-source.ts'
import { type CommandPorts, forbiddenAccount } from './respond.ts'

export interface OrderPorts extends CommandPorts {
  readonly instruments: InstrumentBook
  readonly quotes: QuoteSource
  readonly rules?: Rules | undefined
}

type PlaceOrder = Extract<AccountCommand, { type: 'PlaceOrder' }>

/** The command that the body asks for, with the price and the route that its decision takes; or why there is none. */
export const placement = async (ports: OrderPorts, context: RequestContext<OrderBody>): Promise<PlaceOrder | Reply> => {
  const { accountId, clOrdId, symbol } = context.body
  const instrument = ports.instruments.bySymbol(symbol)
  const request = instrument && orderRequest(context.body, instrument)
  if (request && 'errors' in request) {
    const [first] = request.errors
    return refuse('invalid_request', `the body is not valid: ${first?.field} ${first?.reason}`, { errors: request.errors })
  }
  const forbidden = forbiddenAccount(context.grant, accountId)
  if (forbidden) return forbidden
  if (!instrument || !request) return unknownSymbol(ports, accountId, clOrdId, symbol)
  await lookForStrategy(ports.rules, request.strategyId)
  // a resting order needs no route, and most need no price: the hot path goes straight to the account
  return isImmediate(request) && !isStop(request)
    ? immediateOrder(ports, accountId, request, instrument, context)
    : restingOrder(ports, request, instrument, context.receivedAt)
}

/** The command with the mid price where the decision takes one. */
const restingOrder = ({ quotes }: OrderPorts, request: OrderRequest, instrument: Instrument, time: number): PlaceOrder => {
  const mid = quotes.mid(request.symbol)
  const mark = mid && isFresh(mid, time) ? mid : undefined
  const reference = needsReference(request) ? mark : undefined
  return { type: 'PlaceOrder', request, instrument, reference, route: 'unprobed', ...(mark ? { mark } : {}) }
}

/** Decides on the loaded fold first: only an order that would be accepted at mid is worth asking the venue for a route. */
const immediateOrder = async (
  ports: OrderPorts,
  accountId: string,
  request: OrderRequest,
  instrument: Instrument,
  context: RequestContext,
): Promise<PlaceOrder | Reply> => {
  const mid = ports.quotes.mid(request.symbol)
  const reference = mid && isFresh(mid, context.receivedAt) ? mid : undefined
  const command: PlaceOrder = { type: 'PlaceOrder', request, instrument, reference, route: 'unprobed' }
  const preview = await previewOf(ports, accountId, command, context.receivedAt)
  if (preview === undefined) return refuse('not_ready', 'the account could not be read')
  if (preview !== 'order' && preview !== 'needs_shares') return command
  const answer = await ports.quotes.route(request, instrument)
  if (answer === 'unavailable') return refuse('not_ready', 'the venue does not answer')
  return { ...command, route: answer }
}

/** The kind of answer the account would give now; a refusal is looked at twice, because this process's fold may be out of date. */
const previewOf = async (
  { handler, rules }: OrderPorts,
  accountId: string,
  command: PlaceOrder,
  time: number,
): Promise<Answer['kind'] | undefined> => {
  try {
    const answer = (state: AccountState) => decide(state, briefed(rules, state, command), time).answer.kind
    const first = answer(await handler.load(accountId))
    return first === 'refused' ? answer(await handler.load(accountId, { fresh: true })) : first
  } catch {
    return undefined
  }
}

/** 404 and 409 come before 422. */
const unknownSymbol = (ports: OrderPorts, accountId: string, clOrdId: string, symbol: string): Promise<Reply> =>
  existing(ports, accountId, (state) =>
    knowsClOrdId(state, clOrdId)
      ? refuse('duplicate_cl_ord_id', `${clOrdId} was used for an order with other terms`)
      : refuse('unknown_symbol', `no instrument ${symbol}`),
  )
