import { z } from 'zod'
import { parseOrderId } from '../../events/streams.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { cancelCommandId } from '../order/cancel.ts'
import { placeCommandId } from '../order/order-request.ts'
import { ClientId } from './fields.ts'
import { namedOrder } from './named-order.ts'
import { type CommandPorts, execute } from './respond.ts'

/** An order id: <accountId>.<number>. */
export const OrderIdParams = z.object({
  orderId: z.string().refine((id) => parseOrderId(id) !== undefined, 'must be <accountId>.<number>'),
})

/**
 * DELETE /v1/orders/{orderId} → 200 with the order (PendingCancel or Canceled), again 200, ended otherwise 409. With ?clOrdId= it is a
 * FIX cancel request under an id of its own, which can be withdrawn while it is pending.
 */
export const cancelOrderRoute = (ports: CommandPorts): Route =>
  route({
    method: 'DELETE',
    path: '/v1/orders/:orderId',
    scope: 'trade',
    params: OrderIdParams,
    query: z.strictObject({ clOrdId: ClientId.optional() }),
    handle: async (request) => {
      const named = namedOrder(request)
      if (!('number' in named)) return named
      const { accountId, number } = named
      const { clOrdId } = request.query
      const reply =
        clOrdId === undefined
          ? await execute(ports, accountId, cancelCommandId(number), { type: 'CancelOrder', number }, request)
          : await execute(ports, accountId, placeCommandId(clOrdId), { type: 'CancelOrder', number, clOrdId }, request)
      // the order is not made by this request, so its first answer is a 200 as well
      return 'status' in reply && reply.status === 201 ? { ...reply, status: 200 } : reply
    },
  })
