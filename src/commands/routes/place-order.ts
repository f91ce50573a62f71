import { type Reply, type Route, route } from '../../platform/http/route.ts'
import { placeCommandId } from '../order/order-request.ts'
import { onPaper } from './on-paper.ts'
import { OrderBody } from './order-body.ts'
import { type OrderPorts, placement } from './placement.ts'
import { type Previewed, preview } from './preview-order.ts'
import { execute } from './respond.ts'

/**
 * POST /v1/orders → 201 with the order, again 200, refused 422 with its orderId. An order of a Paper strategy is refused, and told as `paper`
 * what would have been decided about it if the strategy were Live.
 */
export const placeOrderRoute = (ports: OrderPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/orders',
    scope: 'trade',
    body: OrderBody,
    handle: async (context) => {
      const { accountId, clOrdId, strategyId } = context.body
      const command = await placement(ports, context)
      if ('status' in command || 'refusal' in command) return command
      const paper = onPaper(ports.rules, strategyId)
      // before the refusal is on record: from then on its id is used
      const decided = paper && (await preview({ ...ports, rules: paper }, context))
      const reply = await execute(ports, accountId, placeCommandId(clOrdId), command, context)
      return decided && 'ordStatus' in decided ? withPaper(reply, decided) : reply
    },
  })

/** What refuses by a decision has an orderId; an exit of the strategy passes, and is no paper. */
const withPaper = (reply: Reply, paper: Previewed): Reply => {
  const extra = 'refusal' in reply ? reply.refusal.extra : undefined
  return 'refusal' in reply && extra?.orderId !== undefined ? { refusal: { ...reply.refusal, extra: { ...extra, paper } } } : reply
}
