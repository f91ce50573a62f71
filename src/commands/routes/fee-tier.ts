import { z } from 'zod'
import { ok, type Route, refuse, route } from '../../platform/http/route.ts'
import { existing } from './existing.ts'
import { AccountIdField } from './fields.ts'
import { type CommandPorts, forbiddenAccount } from './respond.ts'

const Params = z.object({ accountId: AccountIdField })
const Body = z.strictObject({ tier: z.number().int().min(0).max(100) })

/** PUT /v1/accounts/{accountId}/fee-tier {tier} → 200: the row of every fee schedule by which its next orders are charged. */
export const setFeeTierRoute = (ports: CommandPorts): Route =>
  route({
    method: 'PUT',
    path: '/v1/accounts/:accountId/fee-tier',
    scope: 'operate',
    params: Params,
    query: z.strictObject({}),
    body: Body,
    handle: async ({ params, body, grant, correlationId, receivedAt }) => {
      const accountId = params.accountId!
      const forbidden = forbiddenAccount(grant, accountId)
      if (forbidden) return forbidden
      const context = {
        commandId: `tier-${correlationId}`,
        correlationId,
        causationId: correlationId,
        actor: grant.keyId,
        time: receivedAt,
      }
      const executed = await ports.handler.execute(accountId, { type: 'SetFeeTier', tier: body.tier, by: grant.keyId }, context)
      if (executed.kind !== 'answered') return refuse('not_ready', 'the event store does not answer')
      if (executed.answer.kind === 'refused') return { refusal: executed.answer.refusal }
      return ok({ accountId, tier: executed.state.feeTier, position: executed.position.toString() })
    },
  })

/** GET /v1/accounts/{accountId}/fee-tier → the tier in force, 0 where none was ever set. */
export const showFeeTierRoute = (ports: CommandPorts): Route =>
  route({
    method: 'GET',
    path: '/v1/accounts/:accountId/fee-tier',
    scope: 'read',
    params: Params,
    query: z.strictObject({}),
    handle: async ({ params, grant }) =>
      forbiddenAccount(grant, params.accountId!) ??
      existing(ports, params.accountId!, ({ accountId, feeTier }) => ok({ data: { accountId, tier: feeTier } })),
  })
