import { type Control, type ControlEvent, isStricter } from '../../events/controls.ts'
import type { ControlState } from '../../events/reference/control-events.ts'

export interface ControlCommand {
  readonly scope: string
  readonly to: ControlState
  readonly reason: string
  readonly actor: string
  readonly time: number
}

export type ControlAnswer =
  | { readonly kind: 'in_force' }
  /** Asked for; another actor has to approve it. */
  | { readonly kind: 'requested' }
  /** The actor who asked cannot approve. */
  | { readonly kind: 'same_actor' }

/** A request that nobody approved in this time has to be made anew: whoever approves shall know what they approve. */
export const REQUEST_VALID_MS = 15 * 60_000

/**
 * Tightening takes one actor and one command. Loosening takes two: the first asks, another one approves with the same command.
 * Tightening again while a request waits withdraws the request.
 */
export const decideControl = (
  before: Control | undefined,
  { scope, to, reason, actor, time }: ControlCommand,
): { readonly events: readonly ControlEvent[]; readonly answer: ControlAnswer } => {
  const state = before?.state ?? 'ACTIVE'
  const at = Math.max(time, before?.at ?? 0, before?.pending?.at ?? 0)
  const change = { scope, reason, by: actor, at }
  if (to === state || isStricter(to, state)) {
    if (to === state && !before?.pending) return { events: [], answer: { kind: 'in_force' } }
    return { events: [{ type: 'ControlSet', data: { ...change, state: to } }], answer: { kind: 'in_force' } }
  }
  const asked = before?.pending
  if (asked?.to !== to || at - asked.at > REQUEST_VALID_MS)
    return { events: [{ type: 'ControlResumeRequested', data: { ...change, to } }], answer: { kind: 'requested' } }
  if (asked.by === actor) return { events: [], answer: { kind: 'same_actor' } }
  return {
    events: [{ type: 'ControlResumed', data: { ...change, state: to, requestedBy: asked.by, request: asked.revision } }],
    answer: { kind: 'in_force' },
  }
}
