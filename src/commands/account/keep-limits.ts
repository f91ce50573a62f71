import { isDeepStrictEqual } from 'node:util'
import { limitStream } from '../../events/scope.ts'
import { shareOf, totalText, unspent } from '../limits/allotments.ts'
import { done, ignored } from './answers.ts'
import type { AccountCommand, Decision } from './command.ts'
import type { AccountState } from './state.ts'

type CommandOf<T extends AccountCommand['type']> = Extract<AccountCommand, { type: T }>

/** New limits of the account or of one of its strategies; the same ones again append nothing. */
export const setLimits = (state: AccountState, { strategyId, rules }: CommandOf<'SetLimits'>, at: number): Decision =>
  isDeepStrictEqual(state.risk.limits.get(strategyId ?? '')?.rules, rules)
    ? ignored('these are the limits in force')
    : done({ type: 'LimitsSet', data: { strategyId, rules, at } })

/** A share arrives. Totals only rise, so that a second delivery changes nothing. */
export const receiveAllotment = (state: AccountState, { scope, key, total, grant }: CommandOf<'ReceiveAllotment'>, at: number): Decision =>
  total <= shareOf(state, scope, key).received
    ? ignored('already received')
    : done({ type: 'AllotmentReceived', data: { scope, key, total: totalText(total), grant, at } })

/** Gives back what is not used. The account can't spend it from here on; only then the limit learns of it. */
export const returnAllotment = (state: AccountState, { scope, key, granted }: CommandOf<'ReturnAllotment'>, at: number): Decision => {
  const { received, returned } = shareOf(state, scope, key)
  const lost = granted > received ? granted - received : 0n
  const free = unspent(state, scope, key, at) + lost
  if (free === 0n) return ignored('nothing is unspent')
  const grant = { streamId: limitStream(scope), revision: '0' }
  const arrives = { type: 'AllotmentReceived', data: { scope, key, total: totalText(granted), grant, at } } as const
  return done(...(lost > 0n ? [arrives] : []), { type: 'AllotmentReturned', data: { scope, key, total: totalText(returned + free), at } })
}
