import type { SetBy } from './fields.ts'
import type { ControlState } from './reference/control-events.ts'
import type { ReferenceEvent } from './reference/reference-event.ts'
import { isStrategyScope } from './scope.ts'

export type ControlEvent = Extract<ReferenceEvent, { type: `Control${string}` }>

/** A scope's control as its stream tells it. */
export interface Control {
  readonly scope: string
  readonly state: ControlState
  readonly reason: string
  readonly by: string
  readonly at: number
  readonly setBy: SetBy
  /** A loosening that waits for a second actor. */
  readonly pending: { readonly to: ControlState; readonly by: string; readonly at: number; readonly revision: string } | null
}

/** The control that counts for something: the strictest of its scopes'. */
export type EffectiveControl = Pick<Control, 'scope' | 'state' | 'reason'> & {
  readonly setBy: SetBy | undefined
  /** What says so where it is no control: an instrument's status or a strategy's state, by the names that a refusal gives them. */
  readonly standing?: Standing
  /** Where exits alone pass: another scope that says so of another position, its strategy's or the account's. Both have to let it pass. */
  readonly also?: EffectiveControl
}
export interface Standing {
  readonly rule: 'instrument_status' | 'strategy_state'
  readonly value: string
}

export const ACTIVE: EffectiveControl = { scope: 'global', state: 'ACTIVE', reason: '', setBy: undefined }

const STRICTNESS: Readonly<Record<ControlState, number>> = { ACTIVE: 0, REDUCING: 1, HALTED: 2 }

export const isStricter = (a: ControlState, b: ControlState): boolean => STRICTNESS[a] > STRICTNESS[b]

/** The scope's control after one event of its stream. */
export const evolveControl = (before: Control | undefined, event: ControlEvent, setBy: SetBy): Control => {
  const { scope, reason, by, at } = event.data
  switch (event.type) {
    case 'ControlSet':
    case 'ControlResumed':
      return { scope, state: event.data.state, reason, by, at, setBy, pending: null }
    case 'ControlResumeRequested': {
      const known = before ?? { scope, state: 'ACTIVE' as const, reason: '', by, at, setBy }
      return { ...known, pending: { to: event.data.to, by, at, revision: setBy.revision } }
    }
    default:
      return event satisfies never
  }
}

/** All controls, in memory: what a decision asks costs a few look-ups. */
export interface ControlBook {
  /** The strictest control of these scopes; ACTIVE when nobody said otherwise. `asIfActive`: how this scope stands by itself does not count. */
  effective(scopes: readonly string[], asIfActive?: string): EffectiveControl
  of(scope: string): Control | undefined
  all(): readonly Control[]
  /** Called after each change; answers how to end that. */
  onChange(listener: (control: EffectiveControl) => void): () => void
}

/** A control that this build cannot read may be a halt: its scope stands still until a build that can takes over. */
const unreadable = (scope: string, setBy: SetBy): ControlEvent => ({
  type: 'ControlSet',
  data: { scope, state: 'HALTED', reason: `${setBy.revision}@${setBy.streamId} cannot be read by this build`, by: 'system', at: 0 },
})

export interface WritableControlBook extends ControlBook {
  apply(event: ControlEvent, setBy: SetBy): void
  /** How a scope stands by itself, whatever its controls say. */
  stand(scope: string, state: ControlState, standing: Standing, setBy: SetBy): void
  distrust(scope: string, setBy: SetBy): void
}

export const createControlBook = (): WritableControlBook => {
  const controls = new Map<string, Control>()
  const listeners = new Set<(control: EffectiveControl) => void>()
  /** Only these are asked for on the hot path; none is the usual case. */
  const strict = new Map<string, Control>()
  const standing = new Map<string, EffectiveControl>()
  const apply = (event: ControlEvent, setBy: SetBy): void => {
    const control = evolveControl(controls.get(event.data.scope), event, setBy)
    controls.set(control.scope, control)
    if (control.state === 'ACTIVE') strict.delete(control.scope)
    else strict.set(control.scope, control)
    for (const listener of listeners) listener(control)
  }
  return {
    effective: (scopes, asIfActive) => {
      if (strict.size === 0 && standing.size === 0) return ACTIVE
      let found: EffectiveControl = ACTIVE
      let also: EffectiveControl | undefined
      for (const scope of scopes)
        for (const control of [strict.get(scope), scope === asIfActive ? undefined : standing.get(scope)]) {
          if (!control) continue
          if (isStricter(control.state, found.state)) found = control
          else if (control.state === 'REDUCING' && isStrategyScope(control.scope) !== isStrategyScope(found.scope)) also ??= control
        }
      return also && found.state === 'REDUCING' ? { ...found, also } : found
    },
    of: (scope) => controls.get(scope),
    all: () => [...controls.values()],
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    apply,
    stand: (scope, state, by, setBy) => {
      const control = { scope, state, reason: `${by.rule} ${by.value}`, setBy, standing: by }
      if (state === 'ACTIVE') standing.delete(scope)
      else standing.set(scope, control)
      for (const listener of listeners) listener(control)
    },
    distrust: (scope, setBy) => apply(unreadable(scope, setBy), setBy),
  }
}
