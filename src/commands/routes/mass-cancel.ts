import { z } from 'zod'
import { type Route, route } from '../../platform/http/route.ts'
import { AccountIdField, ClientId, SymbolField } from './fields.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

const Query = z.strictObject({
  accountId: AccountIdField,
  symbol: SymbolField.optional(),
  side: z.enum(['buy', 'sell']).optional(),
  strategyId: ClientId.optional(),
  listId: ClientId.optional(),
})

/**
 * DELETE /v1/orders?accountId=&symbol=&side=&strategyId=&listId= → 200 {accountId, orders: [{orderId, ordStatus}], position}: every open
 * order that matches all that is given, Canceled in one append, or PendingCancel while a transaction of it is open.
 */
export const massCancelRoute = (ports: CommandPorts): Route =>
  route({
    method: 'DELETE',
    path: '/v1/orders',
    scope: 'trade',
    query: Query,
    handle: async (request) => {
      const { accountId, symbol, side, strategyId, listId } = request.query
      const forbidden = forbiddenAccount(request.grant, accountId!)
      if (forbidden) return forbidden
      const filter = { symbol, side: side as 'buy' | 'sell' | undefined, strategyId, listId }
      return execute(ports, accountId!, `mc-${request.correlationId}`, { type: 'CancelOrders', filter }, request)
    },
  })
