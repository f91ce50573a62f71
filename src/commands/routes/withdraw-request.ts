import { z } from 'zod'
import { ID_PATTERN } from '../../events/streams.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { OrderIdParams } from './cancel-order.ts'
import { namedOrder } from './named-order.ts'
import { type CommandPorts, execute } from './respond.ts'

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
      const named = namedOrder(request)
      if (!('number' in named)) return named
      const { accountId, number } = named
      const clOrdId = request.params.clOrdId!
      // not `w-`: those are withdrawals, whose ids a client chooses
      return execute(ports, accountId, `wr-${number}-${clOrdId}`, { type: 'WithdrawRequest', number, clOrdId }, request)
    },
  })
