import type { Ask, Client } from './client.ts'
import { type Generator, near, order, quantity, SYMBOL } from './commands.ts'

/** Few, so that their orders meet them in every state. */
const STRATEGIES = ['grid', 'trend'] as const

const strategy = (strategyId: string, path: string, body?: unknown): Ask => ({
  accountId: `strategy:${strategyId}`,
  method: 'POST',
  path: `/v1/strategies${path}`,
  body,
})
const define = (strategyId: string, step: number): Ask => strategy(strategyId, '', { strategyId, config: { symbols: [SYMBOL], step } })
const start = (strategyId: string, to: 'Paper' | 'Live'): Ask => strategy(strategyId, `/${strategyId}/start`, { to })

/** Before anybody trades by them. */
export const openStrategies = (client: Client): void => {
  for (const strategyId of STRATEGIES) {
    client.send(define(strategyId, 1))
    client.send(start(strategyId, 'Live'))
  }
}

const change: Generator = {
  name: 'state of a strategy',
  weight: 3,
  ask: ({ random }) => {
    const strategyId = random.pick(STRATEGIES)
    // a stopped one never comes back: seldom, or little would be traded
    if (random.chance(0.1)) return strategy(strategyId, `/${strategyId}/stop`)
    const asks = [define(strategyId, random.between(1, 3)), start(strategyId, 'Paper'), strategy(strategyId, `/${strategyId}/pause`)]
    return random.pick([...asks, start(strategyId, 'Live'), start(strategyId, 'Live'), start(strategyId, 'Live')])
  },
}

const byStrategy: Generator = {
  name: 'order of a strategy',
  weight: 10,
  ask: (m, accountId) =>
    order(m, accountId, {
      quantity: quantity(m),
      ...(m.random.chance(0.5) ? { type: 'market', timeInForce: 'ioc' } : { type: 'limit', timeInForce: 'gtc', price: near(m, 20) }),
      strategyId: m.random.pick(STRATEGIES),
    }),
}

/** Strategies that come and go while they trade; only in seeds of their profile, so that every other seed stays what it was. */
export const STRATEGY_TRAFFIC: readonly Generator[] = [change, byStrategy]
