import type { AccountState } from '../../commands/account/state.ts'
import type { Random } from '../kernel/random.ts'
import type { Ask } from './client.ts'

/** What a generator may look at: the accounts as the log has them. It tells nothing to the product. */
export interface Market {
  readonly random: Random
  readonly accounts: readonly string[]
  account(accountId: string): AccountState | undefined
  /** Mid price of a symbol as the chain has it. */
  price(symbol: string): number
  /** Virtual time, ms. */
  now(): number
  /** An id nobody has used. */
  fresh(kind: string): string
}

/** A kind of request that traders send. A new command of the product needs a few lines here, and the simulation has it. */
export interface Generator {
  readonly name: string
  /** How often, beside the others. */
  readonly weight: number
  /** Undefined where the account has nothing to ask it for. */
  ask(market: Market, accountId: string): Ask | undefined
}

export const openAccount = (accountId: string): Ask => ({ accountId, method: 'POST', path: '/v1/accounts', body: { accountId } })

export const SYMBOL = 'SOL/USDC'

export const order = (market: Market, accountId: string, terms: Record<string, unknown>): Ask => ({
  accountId,
  method: 'POST',
  path: '/v1/orders',
  body: { accountId, clOrdId: market.fresh('o'), symbol: SYMBOL, side: market.random.pick(['buy', 'sell']), ...terms },
})

export const quantity = ({ random }: Market): string => `${random.below(3)}.${random.between(1, 999)}`.replace(/0+$/, '')
/** A price some per mille away from the market. */
export const near = (market: Market, perMille: number): string => {
  const off = market.random.between(-perMille, perMille) / 1_000
  return String(Math.max(1, Math.round(market.price(SYMBOL) * (1 + off) * 100)) / 100)
}

const market: Generator = {
  name: 'market',
  weight: 5,
  ask: (m, accountId) =>
    order(m, accountId, {
      type: 'market',
      timeInForce: m.random.pick(['ioc', 'fok']),
      ...(m.random.chance(0.5) ? { quantity: quantity(m) } : { cashOrderQty: String(m.random.between(1, 300)) }),
      ...(m.random.chance(0.5) ? { maxSlippageBps: m.random.pick([10, 50, 300]) } : {}),
    }),
}

const immediateLimit: Generator = {
  name: 'immediate limit',
  weight: 2,
  ask: (m, accountId) =>
    order(m, accountId, { type: 'limit', timeInForce: m.random.pick(['ioc', 'fok']), quantity: quantity(m), price: near(m, 20) }),
}

const restingLimit: Generator = {
  name: 'resting limit',
  weight: 4,
  ask: (m, accountId) => order(m, accountId, { type: 'limit', timeInForce: 'gtc', quantity: quantity(m), price: near(m, 30) }),
}

/** Stops of every kind, near enough to the market to be reached now and then. */
const stop: Generator = {
  name: 'stop',
  weight: 2,
  ask: (m, accountId) => {
    const timeInForce = m.random.pick(['gtc', 'ioc', 'day'])
    const trailing = m.random.pick([{ trailingOffsetBps: m.random.between(10, 300) }, { trailingOffset: String(m.random.between(1, 5)) }])
    const terms = m.random.pick([
      { type: 'stop', stopPrice: near(m, 25) },
      { type: 'stop_limit', stopPrice: near(m, 25), price: near(m, 25) },
      { type: 'trailing_stop', ...trailing },
    ])
    return order(m, accountId, { ...terms, timeInForce, quantity: quantity(m) })
  },
}

/** Orders that end by themselves: some within the seed's time, some of them in the past already. */
const deadline: Generator = {
  name: 'deadline',
  weight: 2,
  ask: (m, accountId) => {
    const terms = { type: 'limit', quantity: quantity(m), price: near(m, 40) }
    if (m.random.chance(0.2)) return order(m, accountId, { ...terms, timeInForce: 'day' })
    const expireTime = new Date(m.now() + m.random.between(-2_000, 40_000)).toISOString()
    return order(m, accountId, { ...terms, timeInForce: 'gtd', expireTime, ...(m.random.chance(0.3) ? { postOnly: true } : {}) })
  },
}

const deadMan: Generator = {
  name: 'dead-man switch',
  weight: 1,
  ask: (m, accountId) => ({
    accountId,
    method: 'PUT',
    path: '/v1/dead-man-switch',
    body: { accountId, timeoutMs: m.random.pick([0, 3_000, 15_000, 60_000]) },
  }),
}

const algo: Generator = {
  name: 'algo',
  weight: 1,
  ask: (m, accountId) => {
    const common = { accountId, algoId: m.fresh('a'), symbol: SYMBOL, side: m.random.pick(['buy', 'sell']), quantity: quantity(m) }
    const slices = m.random.between(1, 4)
    const plan = m.random.chance(0.5)
      ? { kind: 'twap', slices, durationMs: slices * m.random.between(1_000, 8_000) }
      : { kind: 'iceberg', price: near(m, 20), displayQuantity: '0.05' }
    return { accountId, method: 'POST', path: '/v1/algos', body: { ...common, ...plan } }
  },
}

const changeAlgo: Generator = {
  name: 'change of an algo',
  weight: 1,
  ask: (m, accountId) => {
    const algoId = m.account(accountId)?.algos.keySeq().first()
    if (algoId === undefined) return undefined
    return { accountId, method: 'POST', path: `/v1/algos/${accountId}.${algoId}/${m.random.pick(['pause', 'resume', 'cancel'])}` }
  },
}

/** The same id with other terms, or the same terms again. */
const again: Generator = {
  name: 'used id',
  weight: 1,
  ask: (m, accountId) => {
    const used = m.account(accountId)?.orders.first()
    if (!used) return undefined
    const side = m.random.pick(['buy', 'sell'])
    return order(m, accountId, { clOrdId: used.clOrdId, side, type: 'limit', timeInForce: 'gtc', quantity: '1', price: '100' })
  },
}

const cancel: Generator = {
  name: 'cancel',
  weight: 4,
  ask: (m, accountId) => {
    const numbers = [...(m.account(accountId)?.orders.keys() ?? [])]
    if (numbers.length === 0) return undefined
    return { accountId, method: 'DELETE', path: `/v1/orders/${accountId}.${m.random.pick(numbers)}` }
  },
}

/** What traders do with orders. */
export const ORDERS: readonly Generator[] = [market, immediateLimit, restingLimit, stop, deadline, deadMan, algo, changeAlgo, again, cancel]
