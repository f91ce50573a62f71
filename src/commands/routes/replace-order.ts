import { z } from 'zod'
import { type Route, refuse, route } from '../../platform/http/route.ts'
import type { OrderState } from '../account/state.ts'
import { inTermsOf, placeCommandId } from '../order/order-request.ts'
import { isFresh } from '../order/trigger.ts'
import { OrderIdParams } from './cancel-order.ts'
import { ClientId, PositiveDecimal } from './fields.ts'
import { namedOrder } from './named-order.ts'
import { changeOf } from './order-body.ts'
import type { OrderPorts } from './placement.ts'
import { execute } from './respond.ts'

const ReplaceBody = z
  .strictObject({
    clOrdId: ClientId,
    quantity: PositiveDecimal.optional(),
    cashOrderQty: PositiveDecimal.optional(),
    price: PositiveDecimal.optional(),
    stopPrice: PositiveDecimal.optional(),
  })
  .refine(
    ({ quantity, cashOrderQty, price, stopPrice }) => [quantity, cashOrderQty, price, stopPrice].some((given) => given !== undefined),
    {
      path: ['quantity'],
      message: 'quantity, cashOrderQty, price or stopPrice is required',
    },
  )

/**
 * PATCH /v1/orders/{orderId} → 200 with the order: under its new terms, or PendingReplace while a transaction of it is open.
 * `clOrdId` is the request's own. A quantity is the total, including what has been executed.
 */
export const replaceOrderRoute = (ports: OrderPorts): Route =>
  route({
    method: 'PATCH',
    path: '/v1/orders/:orderId',
    scope: 'trade',
    params: OrderIdParams,
    query: z.strictObject({}),
    body: ReplaceBody,
    handle: async (request) => {
      const named = namedOrder(request)
      if (!('number' in named)) return named
      const { accountId, number } = named
      const found = await orderOf(ports, accountId, number)
      if (found === 'unread') return refuse('not_ready', 'the account could not be read')
      const instrument = found && ports.instruments.bySymbol(found.instrument.symbol)
      // an order that has left the fold takes no change: the decider says whether it ever was
      const change = instrument ? changeOf(request.body, inTermsOf(instrument, found.instrument)) : NOTHING
      if ('errors' in change) {
        const [first] = change.errors
        return refuse('invalid_request', `the body is not valid: ${first?.field} ${first?.reason}`, { errors: change.errors })
      }
      const mark = instrument && ports.quotes.mid(instrument.symbol)
      const command = {
        type: 'ReplaceOrder',
        number,
        clOrdId: request.body.clOrdId,
        change,
        ...(mark && isFresh(mark, request.receivedAt) ? { mark } : {}),
      } as const
      const reply = await execute(ports, accountId, placeCommandId(request.body.clOrdId), command, request)
      return 'status' in reply && reply.status === 201 ? { ...reply, status: 200 } : reply
    },
  })

const NOTHING = { orderQty: null, cashOrderQty: null, price: null, stopPrice: null }

/** From the fold at hand, or from the log when it does not know the order. */
const orderOf = async ({ handler }: OrderPorts, accountId: string, number: number): Promise<OrderState | undefined | 'unread'> => {
  try {
    return (await handler.load(accountId)).orders.get(number) ?? (await handler.load(accountId, { fresh: true })).orders.get(number)
  } catch {
    return 'unread'
  }
}
