import { z } from 'zod'
import { HOUSE, parseOrderId } from '../../events/streams.ts'
import { type Route, refuse, route } from '../../platform/http/route.ts'
import { cancelCommandId } from '../order/cancel.ts'
import { placeCommandId } from '../order/order-request.ts'
import { ClientId } from './fields.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

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
      const parsed = parseOrderId(request.params.orderId!)
      if (!parsed || parsed.accountId === HOUSE) return refuse('not_found', 'no such order')
      const { accountId, number } = parsed
      const forbidden = forbiddenAccount(request.grant, accountId)
      if (forbidden) return forbidden
      const { clOrdId } = request.query
      const reply =
        clOrdId === undefined
          ? await execute(ports, accountId, cancelCommandId(number), { type: 'CancelOrder', number }, request)
          : await execute(ports, accountId, placeCommandId(clOrdId), { type: 'CancelOrder', number, clOrdId }, request)
      // the order is not made by this request, so its first answer is a 200 as well
      return 'status' in reply && reply.status === 201 ? { ...reply, status: 200 } : reply
    },
  })
