import { z } from 'zod'
import { type Route, route } from '../../platform/http/route.ts'
import { AccountIdField } from './fields.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

const Body = z.strictObject({ accountId: AccountIdField })

/** POST /v1/accounts → 201, again 200. */
export const openAccountRoute = (ports: CommandPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/accounts',
    scope: 'trade',
    body: Body,
    handle: async (request) => {
      const { accountId } = request.body
      return forbiddenAccount(request.grant, accountId) ?? execute(ports, accountId, 'open', { type: 'OpenAccount', accountId }, request)
    },
  })
