import type { OrderRequest } from '../../commands/account/command.ts'
import type { Change } from '../../commands/order/requests.ts'
import { PLAIN } from '../../events/order-terms.ts'
import type { Asset, Instrument } from '../../events/reference/reference-event.ts'
import { parseUnits } from '../../platform/decimal.ts'
import type { Message } from './scenario.ts'

export const BASE: Asset = { asset: 'SHARE', mint: 'mint-share', decimals: 6 }
export const QUOTE: Asset = { asset: 'CASH', mint: 'mint-cash', decimals: 6 }
export const INSTRUMENT: Instrument = {
  symbol: 'SHARE/CASH',
  version: 1,
  base: BASE,
  quote: QUOTE,
  tickSize: '0.000001',
  lotSize: '0.000001',
  status: 'trading',
}
export const WALLET = 'fix-wallet'

export const units = (text: string | undefined, asset: Asset): bigint => {
  const parsed = parseUnits(text ?? '0', asset.decimals)
  if (parsed === undefined) throw new Error(`no amount of ${asset.asset}: ${text}`)
  return parsed
}

const TYPES: Readonly<Record<string, OrderRequest['type']>> = { Market: 'market', Limit: 'limit' }
const TIMES: Readonly<Record<string, OrderRequest['timeInForce']>> = {
  Day: 'day',
  GoodTillCancel: 'gtc',
  GoodTillDate: 'gtd',
  ImmediateOrCancel: 'ioc',
  FillOrKill: 'fok',
}

/** A NewOrderSingle as the product takes it. @throws for terms the product does not have */
export const requestOf = (m: Message): OrderRequest => {
  const type = TYPES[m.ordType ?? 'Limit']
  // a market order that names no time in force is for now
  const timeInForce = type === 'market' ? 'ioc' : TIMES[m.timeInForce ?? 'Day']
  if (!type || !timeInForce || (m.side !== 'Buy' && m.side !== 'Sell'))
    throw new Error(`no such order: ${m.ordType} ${m.timeInForce} ${m.side}`)
  return {
    ...PLAIN,
    clOrdId: m.clOrdID ?? '',
    symbol: INSTRUMENT.symbol,
    side: m.side === 'Buy' ? 'buy' : 'sell',
    type,
    timeInForce,
    orderQty: m.orderQty === undefined ? null : units(m.orderQty, BASE),
    cashOrderQty: m.cashOrderQty === undefined ? null : units(m.cashOrderQty, QUOTE),
    price: m.price ?? null,
    maxSlippageBps: 100,
    expireAt: m.expireTime === undefined ? null : utc(m.expireTime),
  }
}

/** What a OrderCancelReplaceRequest changes of an order by quantity. */
export const changeOf = (m: Message): Change => ({
  orderQty: m.orderQty === undefined ? null : units(m.orderQty, BASE),
  cashOrderQty: null,
  price: m.price ?? null,
  stopPrice: null,
})

/** FIX UTCTimestamp, e.g. 20300101-00:00:00. */
const utc = (text: string): number => {
  const [, year, month, day, time] = /^(\d{4})(\d{2})(\d{2})-(.+)$/.exec(text) ?? []
  return Date.parse(`${year}-${month}-${day}T${time}Z`)
}
