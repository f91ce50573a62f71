import { z } from 'zod'
import { HOUSE, ID_PATTERN, parseOrderId } from '../../events/streams.ts'
import { type Route, refuse, route } from '../../platform/http/route.ts'
import { OrderIdParams } from './cancel-order.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

const Params = OrderIdParams.extend({ clOrdId: z.string().regex(ID_PATTERN, 'is not a clOrdId') })

/** DELETE /v1/orders/{orderId}/requests/{clOrdId} → 200 with the order: the cancel or replace that was pending is taken back; 404 when none is. */
export const withdrawRequestRoute = (ports: CommandPorts): Route =>
  route({
    method: 'DELETE',
    path: '/v1/orders/:orderId/requests/:clOrdId',
    scope: 'trade',
    params: Params,
    query: z.strictObject({}),
    handle: async (request) => {
      const parsed = parseOrderId(request.params.orderId!)
      if (!parsed || parsed.accountId === HOUSE) return refuse('not_found', 'no such order')
      const { accountId, number } = parsed
      const forbidden = forbiddenAccount(request.grant, accountId)
      if (forbidden) return forbidden
      const clOrdId = request.params.clOrdId!
      return execute(ports, accountId, `w-${number}-${clOrdId}`, { type: 'WithdrawRequest', number, clOrdId }, request)
    },
  })
