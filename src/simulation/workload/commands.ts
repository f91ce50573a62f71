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

export const deposit = (accountId: string, depositId: string, asset: string, amount: string): Ask => ({
  ...{ accountId, method: 'POST', path: `/v1/accounts/${accountId}/deposits` },
  body: { depositId, asset, amount },
})

const SYMBOL = 'SOL/USDC'

const order = (market: Market, accountId: string, terms: Record<string, unknown>): Ask => ({
  ...{ accountId, method: 'POST', path: '/v1/orders' },
  body: { accountId, clOrdId: market.fresh('o'), symbol: SYMBOL, side: market.random.pick(['buy', 'sell']), ...terms },
})

const quantity = ({ random }: Market): string => `${random.below(3)}.${random.between(1, 999)}`.replace(/0+$/, '')
/** A price some per mille away from the market. */
const near = (market: Market, perMille: number): string => {
  const off = market.random.between(-perMille, perMille) / 1_000
  return String(Math.max(1, Math.round(market.price(SYMBOL) * (1 + off) * 100)) / 100)
}

const market: Generator = {
  name: 'market',
  weight: 5,
  ask: (m, accountId) =>
    order(m, accountId, {
      ...{ type: 'market', timeInForce: m.random.pick(['ioc', 'fok']) },
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

const moreFunds: Generator = {
  name: 'deposit',
  weight: 1,
  ask: (m, accountId) => deposit(accountId, m.fresh('d'), m.random.pick(['SOL', 'USDC']), String(m.random.between(1, 50))),
}

export const GENERATORS: readonly Generator[] = [market, immediateLimit, restingLimit, again, cancel, moreFunds]
