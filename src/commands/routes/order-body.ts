import { z } from 'zod'
import type { Instrument } from '../../events/reference/reference-event.ts'
import { formatPrice, parsePrice, parseUnits } from '../../platform/decimal.ts'
import type { FieldError } from '../../platform/http/problem.ts'
import type { OrderRequest } from '../order/order-request.ts'
import { AccountIdField, ClientId, PositiveDecimal, SymbolField } from './fields.ts'

/** How far from mid a market order may trade when it does not say: 1 %, wide enough for a quiet pool, narrow enough to hurt nobody. */
const DEFAULT_SLIPPAGE_BPS = 100

/** Body of POST /v1/orders: each rule that needs no instrument, with the field it concerns. */
export const OrderBody = z
  .strictObject({
    accountId: AccountIdField,
    clOrdId: ClientId,
    symbol: SymbolField,
    side: z.enum(['buy', 'sell']),
    type: z.enum(['market', 'limit']),
    timeInForce: z.enum(['ioc', 'fok', 'gtc']),
    quantity: PositiveDecimal.optional(),
    cashOrderQty: PositiveDecimal.optional(),
    price: PositiveDecimal.optional(),
    maxSlippageBps: z.number().int().min(0).max(10_000).default(DEFAULT_SLIPPAGE_BPS),
  })
  .superRefine((order, context) => {
    const fault = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message })
    if (order.quantity === undefined && order.cashOrderQty === undefined) fault('quantity', 'quantity or cashOrderQty is required')
    if (order.quantity !== undefined && order.cashOrderQty !== undefined) fault('cashOrderQty', 'not together with quantity')
    if (order.type === 'market') {
      if (order.price !== undefined) fault('price', 'a market order has no price')
      if (order.timeInForce === 'gtc') fault('timeInForce', 'a market order is ioc or fok')
      return
    }
    if (order.price === undefined) fault('price', 'a limit order needs a price')
    if (order.cashOrderQty !== undefined) fault('cashOrderQty', 'only a market order can be given in cash')
  })
export type OrderBody = z.output<typeof OrderBody>

/** The order in base units, or the fields that do not fit the instrument's steps. */
export const orderRequest = (body: OrderBody, instrument: Instrument): OrderRequest | { readonly errors: readonly FieldError[] } => {
  const errors: FieldError[] = []
  const onStep = (field: string, text: string | undefined, parse: (text: string) => bigint | undefined, step: string): bigint | null => {
    if (text === undefined) return null
    const units = parse(text)
    const size = parse(step)
    if (units !== undefined && size !== undefined && units % size === 0n) return units
    errors.push({ field, reason: `must be a multiple of ${step}` })
    return null
  }
  const { base, quote, lotSize, tickSize } = instrument
  const orderQty = onStep('quantity', body.quantity, (text) => parseUnits(text, base.decimals), lotSize)
  const cashOrderQty = onStep('cashOrderQty', body.cashOrderQty, (text) => parseUnits(text, quote.decimals), smallest(quote.decimals))
  const price = onStep('price', body.price, parsePrice, tickSize)
  if (errors.length > 0) return { errors }
  const { clOrdId, symbol, side, type, timeInForce, maxSlippageBps } = body
  return {
    clOrdId,
    symbol,
    side,
    type,
    timeInForce,
    orderQty,
    cashOrderQty,
    price: price === null ? null : formatPrice(price),
    maxSlippageBps,
  }
}

/** The smallest amount of an asset, as a decimal. */
const smallest = (decimals: number): string => (decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`)
