import type { Ground } from '../world/ground.ts'
import type { Client } from './client.ts'
import { type Generator, type Market, ORDERS, openAccount } from './commands.ts'
import { deposit, MONEY } from './money.ts'
import { ORDER_CHANGES } from './order-changes.ts'
import { RISK } from './risk.ts'

const GENERATORS = [...ORDERS, ...ORDER_CHANGES, ...MONEY, ...RISK]

export interface Traffic {
  /** All commands have been sent. */
  over(): boolean
}

/** Commands of a seed: at least this many, besides opening the accounts and their first deposits. */
const LEAST_COMMANDS = 38
const MOST_COMMANDS = 48

/** Opens the accounts, puts money in, then lets traders act at random moments until the seed's number of commands is reached; `more`: what they do besides. */
export const startTraffic = ({ timeline, random }: Ground, client: Client, market: Market, more: readonly Generator[] = []): Traffic => {
  let left = random.between(LEAST_COMMANDS, MOST_COMMANDS)
  const weights = [...GENERATORS, ...more].flatMap((generator) => Array.from({ length: generator.weight }, () => generator))
  // some seeds are hectic, others leave room for expiries between two commands
  const pause = random.pick([100, 300, 1_000])

  for (const accountId of market.accounts) {
    client.send(openAccount(accountId))
    timeline.at(timeline.now() + random.between(500, 3_000), () => {
      client.send(deposit(accountId, market.fresh('d'), 'USDC', String(random.between(100, 2_000))))
      client.send(deposit(accountId, market.fresh('d'), 'SOL', String(random.between(1, 20))))
    })
  }
  const next = (): void => {
    const ask = random.pick(weights).ask(market, random.pick(market.accounts))
    if (ask) {
      client.send(ask)
      left--
    }
    if (left > 0) timeline.at(timeline.now() + random.below(pause * 2), next)
  }
  timeline.at(timeline.now() + random.between(4_000, 12_000), next)
  return { over: () => left <= 0 }
}
