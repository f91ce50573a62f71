import { ACTIVE } from '../../events/controls.ts'
import type { Rules } from '../../events/rules.ts'
import { accountScope, instrumentScope, strategyScope } from '../../events/scope.ts'
import type { AccountCommand } from '../account/command.ts'
import type { AccountState } from '../account/state.ts'
import type { SigningControl } from '../limits/signing-block.ts'

/**
 * Puts into a command what is in force at the moment of its decision: a command that waited in a mailbox, or is decided anew after a
 * conflict, is held against the rules of now. Deciders stay pure: what they see is in the command.
 */
export const briefed = (rules: Rules | undefined, state: AccountState, command: AccountCommand): AccountCommand => {
  if (!rules) return command
  switch (command.type) {
    case 'PlaceOrder':
      return inForce(rules, state, command, command.request)
    case 'PlaceList':
      // its legs are of one instrument and one strategy
      return inForce(rules, state, command, { symbol: command.instrument.symbol, strategyId: command.legs[0]?.strategyId ?? null })
    case 'StartAlgo':
      return isUnknown(rules, command.request.strategyId) ? { ...command, strategyUnknown: true } : command
    case 'ReplaceOrder': {
      const order = state.orders.get(command.number)
      if (!order) return command
      const scopes = scopesOf(state, { symbol: order.instrument.symbol, strategyId: order.strategyId })
      const control = rules.controls.effective(scopes)
      const limits = rules.limits.among(scopes)
      return control === ACTIVE && limits.length === 0 ? command : { ...command, control, limits }
    }
    case 'BookLanded':
    case 'BookFailed':
    case 'BookExpired': {
      const order = state.orders.get(Number(command.ref))
      if (!order?.requests.some(({ kind }) => kind === 'replace')) return command
      const limits = rules.limits.among(scopesOf(state, { symbol: order.instrument.symbol, strategyId: order.strategyId }))
      return limits.length === 0 ? command : { ...command, limits }
    }
    case 'HaltOrder': {
      const { ageMs: _age, tripMs: _trip, ...control } = signingControl(rules, state, String(command.number))
      return { ...command, control }
    }
    case 'RecordSigned':
      return { ...command, control: signingControl(rules, state, command.ref) }
    default:
      return command
  }
}

/** A placement with the control, the wider limits and the fee schedule that it is decided under. */
const inForce = (
  rules: Rules,
  state: AccountState,
  command: Extract<AccountCommand, { type: 'PlaceOrder' | 'PlaceList' }>,
  order: Ordered,
): AccountCommand => {
  const scopes = scopesOf(state, order)
  const control = rules.controls.effective(scopes)
  const limits = rules.limits.among(scopes)
  const fee = rules.fees.of(order.symbol, state.feeTier)
  const strategyUnknown = isUnknown(rules, order.strategyId)
  if (control === ACTIVE && limits.length === 0 && fee === undefined && !strategyUnknown) return command
  return { ...command, control, limits, ...(fee ? { fee } : {}), ...(strategyUnknown ? { strategyUnknown } : {}) }
}

const isUnknown = ({ strategies }: Rules, strategyId: string | null): boolean =>
  strategyId !== null && strategies.of(strategyId) === undefined

/** The control that counts for a signature of this ref, and how sure that is. */
export const signingControl = (rules: Rules, state: AccountState, ref: string): SigningControl => {
  const order = state.orders.get(Number(ref))
  const scopes = scopesOf(state, order && { symbol: order.instrument.symbol, strategyId: order.strategyId })
  return { ...rules.controls.effective(scopes), ageMs: rules.freshness.ageMs(), tripMs: rules.freshness.tripMs() }
}

interface Ordered {
  readonly symbol: string
  readonly strategyId: string | null
}

const scopesOf = ({ accountId = '' }: AccountState, order: Ordered | undefined): readonly string[] => {
  const scopes = ['global', accountScope(accountId)]
  if (!order) return scopes
  scopes.push(instrumentScope(order.symbol))
  if (order.strategyId !== null) scopes.push(strategyScope(order.strategyId))
  return scopes
}
