import { z } from 'zod'
import type { ControlState } from '../../events/reference/control-events.ts'
import { parseScope, type Scope } from '../../events/scope.ts'
import { ok, type Reply, type RequestContext, type Route, refuse, route } from '../../platform/http/route.ts'
import { changeControl } from '../control/change-control.ts'
import { controlDocument } from '../control/control-document.ts'
import type { StreamDeps } from '../reference/decide-on-stream.ts'
import { ReasonField, ScopeField } from './fields.ts'
import { type ScopePorts, scopeRefusal } from './scope-refusal.ts'

export type ControlPorts = ScopePorts & StreamDeps

const Params = z.object({ scope: ScopeField })
const Body = z.strictObject({ reason: ReasonField })
const ResumeBody = z.strictObject({ reason: ReasonField, to: z.enum(['ACTIVE', 'REDUCING']).default('ACTIVE') })

/** POST /v1/controls/{scope}/halt → 200: no new order and no new signature in the scope. One actor, one command. */
export const haltRoute = (ports: ControlPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/controls/:scope/halt',
    scope: 'operate',
    params: Params,
    body: Body,
    handle: (context) => change(ports, context, 'HALTED'),
  })

/** POST /v1/controls/{scope}/reduce → 200: entries stop, exits pass. From HALTED it loosens, which takes two actors. */
export const reduceRoute = (ports: ControlPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/controls/:scope/reduce',
    scope: 'operate',
    params: Params,
    body: Body,
    handle: (context) => change(ports, context, 'REDUCING'),
  })

/** POST /v1/controls/{scope}/resume → 200: the first actor asks (pendingResume), another one's same request puts it in force. */
export const resumeRoute = (ports: ControlPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/controls/:scope/resume',
    scope: 'operate',
    params: Params,
    body: ResumeBody,
    handle: (context) => change(ports, context, context.body.to),
  })

const change = async (
  ports: ControlPorts,
  { grant, params, body, correlationId, receivedAt }: RequestContext<{ readonly reason: string }>,
  to: ControlState,
): Promise<Reply> => {
  const scope = params.scope!
  const refused = await scopeRefusal(ports, grant, parseScope(scope) as Scope)
  if (refused) return refused
  const command = { scope, to, reason: body.reason, actor: grant.keyId, time: receivedAt }
  const decided = await changeControl(ports, command, { commandId: `control-${correlationId}`, correlationId })
  if (decided.kind === 'unavailable') return refuse('not_ready', 'the event store does not answer: look at GET /v1/controls')
  const control = decided.fold.state
  if (decided.answer.kind === 'same_actor')
    return refuse(
      'second_actor_required',
      'another key has to approve the request',
      control ? { extra: { control: controlDocument(control) } } : {},
    )
  // whoever asks this process next is answered by what was just decided
  if (ports.rules) await ports.rules.freshness.untilSeen(decided.fold.position)
  const position = decided.fold.position.toString()
  return control ? ok({ ...controlDocument(control), position }) : ok({ scope, state: 'ACTIVE', pendingResume: null, position })
}
