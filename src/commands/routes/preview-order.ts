import { z } from 'zod'
import { formatUnits } from '../../platform/decimal.ts'
import { ok, type Reply, type RequestContext, type Route, refuse, route } from '../../platform/http/route.ts'
import { decide } from '../account/decide.ts'
import { briefed } from '../handler/brief.ts'
import { onPaper } from './on-paper.ts'
import { OrderBody } from './order-body.ts'
import { type OrderPorts, placement } from './placement.ts'

/**
 * POST /v1/orders/preview → 200 {data}: what POST /v1/orders would decide now, by the same decider, with nothing appended.
 * New with what it would hold, or Rejected with the code and the reason. `paper: true`: its strategy is Paper, and this is what would be
 * decided if it were Live.
 */
export const previewOrderRoute = (ports: OrderPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/orders/preview',
    scope: 'trade',
    query: z.strictObject({}),
    body: OrderBody,
    handle: async (context) => {
      const decided = await preview(ports, context)
      const paper = onPaper(ports.rules, context.body.strategyId)
      const onIt = paper && (await preview({ ...ports, rules: paper }, context))
      const told = onIt ?? decided
      return 'ordStatus' in told ? ok({ data: { ...(onIt ? { paper: true } : {}), ...told } }) : (told as Reply)
    },
  })

/** What would be decided about an order under these rules. */
export interface Previewed {
  readonly ordStatus: 'New' | 'Rejected'
  readonly [field: string]: unknown
}

/** Decides with nothing appended; a reply where there is no decision about the order. */
export const preview = async (ports: OrderPorts, context: RequestContext<OrderBody>): Promise<Previewed | Reply> => {
  const placed = await placement(ports, context)
  if ('status' in placed || 'refusal' in placed) return placed
  const state = await ports.handler.load(context.body.accountId, { fresh: true }).catch(() => undefined)
  if (!state) return refuse('not_ready', 'the account could not be read')
  const { answer, events } = decide(state, briefed(ports.rules, state, placed), context.receivedAt)
  if (answer.kind === 'repeated') return refuse('duplicate_cl_ord_id', `${context.body.clOrdId} was used before`)
  const [event] = events
  if (event?.type === 'OrderAccepted') {
    const { asset, amount } = event.data.reserved
    const decimals = asset === event.data.instrument.base ? event.data.instrument.baseDecimals : event.data.instrument.quoteDecimals
    return { ordStatus: 'New', reserved: { asset, amount: formatUnits(BigInt(amount), decimals) } }
  }
  if (answer.kind !== 'refused') return refuse('not_ready', 'the decision is not known')
  // what is no decision about the order (no account, a used id, no price) is refused as the order would be
  if (event?.type !== 'OrderRejected') return { refusal: answer.refusal }
  const { orderId: _none, ...extra } = answer.refusal.extra ?? {}
  return { ordStatus: 'Rejected', code: answer.refusal.code, text: answer.refusal.detail, ...extra }
}
