import { z } from 'zod'
import { ok, type Route, route } from '../../platform/http/route.ts'
import type { AccountState } from '../account/state.ts'
import { existing } from './existing.ts'
import { AccountIdField } from './fields.ts'
import { type CommandPorts, executeAndShow, forbiddenAccount } from './respond.ts'

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
    handle: async (request) => {
      const accountId = request.params.accountId!
      const { body, grant, correlationId } = request
      const command = { type: 'SetFeeTier', tier: body.tier, by: grant.keyId } as const
      const shown = ({ feeTier }: AccountState) => ({ accountId, tier: feeTier })
      return forbiddenAccount(grant, accountId) ?? executeAndShow(ports, accountId, `tier-${correlationId}`, command, request, shown)
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
