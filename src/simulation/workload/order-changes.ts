import { type Generator, type Market, near, quantity, SYMBOL } from './commands.ts'

/** What traders do to orders that are there, and orders that hang together. */
const replace: Generator = {
  name: 'replace',
  weight: 3,
  ask: (m, accountId) => {
    const number = m.random.pick([...(m.account(accountId)?.orders.keys() ?? [])])
    if (number === undefined) return undefined
    const price = { price: near(m, 30) }
    const changes = m.random.pick([{ quantity: quantity(m) }, price, { quantity: quantity(m), ...price }])
    return { accountId, method: 'PATCH', path: `/v1/orders/${accountId}.${number}`, body: { clOrdId: m.fresh('r'), ...changes } }
  },
}

const massCancel: Generator = {
  name: 'mass cancel',
  weight: 1,
  ask: (m, accountId) => {
    const side = m.random.pick(['', '&side=buy', '&side=sell'])
    return { accountId, method: 'DELETE', path: `/v1/orders?accountId=${accountId}${side}` }
  },
}

type Leg = Readonly<Record<string, unknown>>

const list: Generator = {
  name: 'order list',
  weight: 2,
  ask: (m, accountId) => {
    const kind = m.random.pick(['oco', 'oto', 'bracket'] as const)
    const side = m.random.pick(['buy', 'sell'])
    const other = side === 'buy' ? 'sell' : 'buy'
    const size = { quantity: quantity(m) }
    const resting = (way: string): Leg => ({ ...limit(m, way), ...size, timeInForce: 'gtc' })
    const stop = (way: string): Leg => ({
      clOrdId: m.fresh('o'),
      side: way,
      type: 'stop',
      stopPrice: near(m, 25),
      timeInForce: 'gtc',
      ...size,
    })
    const entry: Leg = m.random.chance(0.5) ? { clOrdId: m.fresh('o'), side, type: 'market', timeInForce: 'ioc', ...size } : resting(side)
    const orders = {
      oco: () => [resting(side), stop(side)],
      oto: () => [entry, resting(m.random.pick([side, other]))],
      bracket: () => [entry, resting(other), stop(other)],
    }[kind]()
    return { accountId, method: 'POST', path: '/v1/order-lists', body: { accountId, listId: m.fresh('l'), kind, symbol: SYMBOL, orders } }
  },
}

const limit = (m: Market, side: string): Leg => ({ clOrdId: m.fresh('o'), side, type: 'limit', price: near(m, 30) })

export const ORDER_CHANGES: readonly Generator[] = [replace, massCancel, list]
