import type { Ask } from './client.ts'
import { type Generator, SYMBOL } from './commands.ts'

/** An operator's word on an account, the instrument or everything: taken back only by two of them. */
export const control = (scope: string, action: 'halt' | 'reduce' | 'resume', actor: string): Ask => ({
  accountId: scope,
  method: 'POST',
  path: `/v1/controls/${encodeURIComponent(scope)}/${action}`,
  actor,
  body: { reason: 'the simulation wants it so' },
})
export const OPERATORS = ['operator-1', 'operator-2'] as const
export const scopesOf = (accounts: readonly string[]): readonly string[] => [
  'global',
  `instrument:${SYMBOL}`,
  ...accounts.map((accountId) => `account:${accountId}`),
]

const controls: Generator = {
  name: 'control',
  weight: 1,
  ask: ({ random, accounts }) =>
    control(random.pick(scopesOf(accounts)), random.pick(['halt', 'reduce', 'resume', 'resume']), random.pick(OPERATORS)),
}

/** Limits of one account, or of everybody, which are handed out in shares. */
const limits: Generator = {
  name: 'limits',
  weight: 2,
  ask: ({ random, accounts }) => {
    const scope = random.pick(['global', `instrument:${SYMBOL}`, `account:${random.pick(accounts)}`])
    const rules = [
      { openOrders: random.between(1, 20) },
      { openNotional: { USDC: String(random.between(50, 3_000)) } },
      { position: { [SYMBOL]: String(random.between(1, 40)) } },
      { ordersPerMinute: random.between(5, 60) },
    ].filter(() => random.chance(0.4))
    return {
      accountId: scope,
      method: 'PUT',
      path: `/v1/limits/${encodeURIComponent(scope)}`,
      actor: OPERATORS[0],
      body: Object.assign({}, ...rules) as object,
    }
  },
}

export const RISK: readonly Generator[] = [controls, limits]
