import type { EffectiveControl } from '../../events/controls.ts'
import type { Why } from '../../events/fields.ts'

/** A refusal of a placement by a rule: the code it is answered with, what is said, and why. */
export interface Breach {
  readonly code: 'insufficient_funds' | 'limit_breached' | 'halted' | 'no_route'
  readonly text: string
  readonly why: Why
}

/** What the control in force has against an order: nothing when ACTIVE, entries when REDUCING, everything when HALTED. `isExit`: of the position of this scope. */
export const controlBreach = (control: EffectiveControl | undefined, isExit: (scope: string) => boolean): Breach | undefined => {
  if (!control || control.state === 'ACTIVE') return undefined
  if (control.state === 'REDUCING' && isExit(control.scope)) return controlBreach(control.also, isExit)
  const { scope, state, setBy, standing } = control
  const what = standing ? `${scope} is ${standing.value}` : state === 'HALTED' ? `${scope} is halted` : `${scope} takes exits only`
  const text = standing && state === 'REDUCING' ? `${what}: it takes exits only` : what
  const { rule, value } = standing ?? { rule: 'control', value: state }
  return { code: 'halted', text, why: { rule, scope, value, ...(setBy ? { setBy } : {}) } }
}

/** Text of an order that a halt ended before anything was sent for it. */
export const HALTED_TEXT = 'HALTED'
