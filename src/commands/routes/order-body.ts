import { z } from 'zod'
import { ORDER_TYPES, TIMES_IN_FORCE } from '../../events/fields.ts'
import type { RareTerms } from '../../events/order-terms.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import { formatPrice, parsePrice, parseUnits } from '../../platform/decimal.ts'
import type { FieldError } from '../../platform/http/problem.ts'
import type { OrderRequest } from '../order/order-request.ts'
import type { Change } from '../order/requests.ts'
import { AccountIdField, ClientId, PositiveDecimal, SymbolField } from './fields.ts'

/** 100 % in basis points. */
const WHOLE_BPS = 10_000

/** How far from mid a market order may trade when it does not say: 1 %, wide enough for a quiet pool, narrow enough to hurt nobody. */
const DEFAULT_SLIPPAGE_BPS = 100

/** Body of POST /v1/orders: each rule that needs no instrument, with the field it concerns. */
export const OrderBody = z
  .strictObject({
    accountId: AccountIdField,
    clOrdId: ClientId,
    symbol: SymbolField,
    side: z.enum(['buy', 'sell']),
    type: z.enum(ORDER_TYPES),
    timeInForce: z.enum(TIMES_IN_FORCE),
    quantity: PositiveDecimal.optional(),
    cashOrderQty: PositiveDecimal.optional(),
    price: PositiveDecimal.optional(),
    stopPrice: PositiveDecimal.optional(),
    /** How far a trailing stop stays behind: a price difference, or basis points of the best price. */
    trailingOffset: PositiveDecimal.optional(),
    trailingOffsetBps: z
      .number()
      .int()
      .min(1)
      .max(WHOLE_BPS - 1)
      .optional(),
    expireTime: z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with a zone' }).optional(),
    reduceOnly: z.boolean().optional(),
    postOnly: z.boolean().optional(),
    strategyId: ClientId.optional(),
    maxSlippageBps: z.number().int().min(0).max(WHOLE_BPS).default(DEFAULT_SLIPPAGE_BPS),
  })
  .superRefine((order, context) => {
    const fault = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message })
    if (order.quantity === undefined && order.cashOrderQty === undefined) fault('quantity', 'quantity or cashOrderQty is required')
    if (order.quantity !== undefined && order.cashOrderQty !== undefined) fault('cashOrderQty', 'not together with quantity')
    for (const [field, reason] of faultsOf(order)) fault(field, reason)
  })
export type OrderBody = z.output<typeof OrderBody>

type Given = { readonly type: string; readonly timeInForce: string } & Readonly<Partial<Record<string, unknown>>>

/** Fields that the order's type or time in force needs or excludes. */
const faultsOf = (order: Given): readonly (readonly [field: string, reason: string])[] => {
  const { type, timeInForce: tif } = order
  const has = (field: string): boolean => order[field] !== undefined
  const limited = type === 'limit' || type === 'stop_limit'
  const offsets = Number(has('trailingOffset')) + Number(has('trailingOffsetBps'))
  const rules: readonly (readonly [broken: boolean, field: string, reason: string])[] = [
    [limited && !has('price'), 'price', `a ${type} order needs a price`],
    [!limited && has('price'), 'price', `a ${type} order has no price`],
    [limited && has('cashOrderQty'), 'cashOrderQty', 'only an order without a limit can be given in cash'],
    [(type === 'stop' || type === 'stop_limit') !== has('stopPrice'), 'stopPrice', 'belongs to a stop or stop_limit, and only there'],
    [type === 'trailing_stop' && offsets !== 1, 'trailingOffset', 'a trailing_stop needs trailingOffset or trailingOffsetBps, one of them'],
    [type !== 'trailing_stop' && has('trailingOffset'), 'trailingOffset', 'belongs to a trailing_stop'],
    [type !== 'trailing_stop' && has('trailingOffsetBps'), 'trailingOffsetBps', 'belongs to a trailing_stop'],
    [type === 'market' && tif !== 'ioc' && tif !== 'fok', 'timeInForce', 'a market order is ioc or fok'],
    [(tif === 'gtd') !== has('expireTime'), 'expireTime', 'belongs to a gtd order, and only there'],
    [order.postOnly === true && (type !== 'limit' || tif === 'ioc' || tif === 'fok'), 'postOnly', 'belongs to a limit order that rests'],
  ]
  return rules.flatMap(([broken, field, reason]) => (broken ? [[field, reason] as const] : []))
}

/** A replace in base units, or the fields that do not fit the instrument's steps. */
export const changeOf = (
  body: Pick<OrderBody, 'quantity' | 'cashOrderQty' | 'price' | 'stopPrice'>,
  instrument: Instrument,
): Change | { readonly errors: readonly FieldError[] } => {
  const { amounts, errors } = onSteps(body, instrument)
  if (errors.length > 0) return { errors }
  const { orderQty, cashOrderQty, price, stopPrice } = amounts
  return {
    orderQty,
    cashOrderQty,
    price: price === null ? null : formatPrice(price),
    stopPrice: stopPrice === null ? null : formatPrice(stopPrice),
  }
}

type Amounts = Partial<Pick<OrderBody, 'quantity' | 'cashOrderQty' | 'price' | 'stopPrice' | 'trailingOffset'>>

/** Decimals in units, null where nothing is given, with a fault for each that is finer than the instrument's step. */
const onSteps = (body: Amounts, { base, quote, lotSize, tickSize }: Instrument) => {
  const errors: FieldError[] = []
  const onStep = (field: keyof Amounts, parse: (text: string) => bigint | undefined, step: string): bigint | null => {
    const text = body[field]
    if (text === undefined) return null
    const units = parse(text)
    const size = parse(step)
    if (units !== undefined && size !== undefined && units % size === 0n) return units
    errors.push({ field, reason: `must be a multiple of ${step}` })
    return null
  }
  const amounts = {
    orderQty: onStep('quantity', (text) => parseUnits(text, base.decimals), lotSize),
    cashOrderQty: onStep('cashOrderQty', (text) => parseUnits(text, quote.decimals), smallest(quote.decimals)),
    price: onStep('price', parsePrice, tickSize),
    stopPrice: onStep('stopPrice', parsePrice, tickSize),
    trailingOffset: onStep('trailingOffset', parsePrice, tickSize),
  }
  return { amounts, errors }
}

/** The order in base units, or the fields that do not fit the instrument's steps. */
export const orderRequest = (body: OrderBody, instrument: Instrument): OrderRequest | { readonly errors: readonly FieldError[] } => {
  const { amounts, errors } = onSteps(body, instrument)
  if (errors.length > 0) return { errors }
  const { clOrdId, symbol, side, type, timeInForce, maxSlippageBps } = body
  const { orderQty, cashOrderQty, price, stopPrice, trailingOffset } = amounts
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
    ...rareTerms(body, stopPrice, trailingOffset),
  }
}

const rareTerms = (body: OrderBody, stopPrice: bigint | null, offset: bigint | null): RareTerms => {
  const { trailingOffsetBps: bps, expireTime, strategyId, reduceOnly, postOnly } = body
  return {
    stopPrice: stopPrice === null ? null : formatPrice(stopPrice),
    trailingOffset:
      offset !== null ? { kind: 'price', value: formatPrice(offset) } : bps !== undefined ? { kind: 'bps', value: bps } : null,
    expireAt: expireTime === undefined ? null : Date.parse(expireTime),
    strategyId: strategyId ?? null,
    reduceOnly: reduceOnly ?? false,
    postOnly: postOnly ?? false,
    list: null,
    algo: null,
  }
}

/** The smallest amount of an asset, as a decimal. */
const smallest = (decimals: number): string => (decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`)
