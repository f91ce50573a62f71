import { z } from 'zod'
import { type Route, route } from '../../platform/http/route.ts'
import { AccountIdField } from './fields.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

/** Shorter than the timer's own rhythm would promise what nobody keeps; longer than a day nobody waits. */
const SHORTEST_MS = 1_000
const LONGEST_MS = 86_400_000

const Body = z.strictObject({
  accountId: AccountIdField,
  timeoutMs: z
    .number()
    .int()
    .max(LONGEST_MS)
    .refine((ms) => ms === 0 || ms >= SHORTEST_MS, `must be 0 (off) or ${SHORTEST_MS} to ${LONGEST_MS}`),
})

/**
 * PUT /v1/dead-man-switch → 200 {accountId, deadline}. Sent again before the deadline it moves it; unanswered, the account's open
 * orders are cancelled and the switch stays off until it is armed anew.
 */
export const deadManSwitchRoute = (ports: CommandPorts): Route =>
  route({
    method: 'PUT',
    path: '/v1/dead-man-switch',
    scope: 'trade',
    body: Body,
    handle: async (request) => {
      const { accountId, timeoutMs } = request.body
      const forbidden = forbiddenAccount(request.grant, accountId)
      if (forbidden) return forbidden
      // every request moves the deadline: its command is its own
      return execute(ports, accountId, `dm-${request.correlationId}`, { type: 'ArmDeadMan', timeoutMs }, request)
    },
  })
