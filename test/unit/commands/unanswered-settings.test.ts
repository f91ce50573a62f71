import assert from 'node:assert/strict'
import { EMPTY_ACCOUNT } from '../../../src/commands/account/state.ts'
import type { Executed } from '../../../src/commands/handler/account-handler.ts'
import { setFeeTierRoute } from '../../../src/commands/routes/fee-tier.ts'
import { setLimitsRoute } from '../../../src/commands/routes/limits.ts'
import { refusal } from '../../../src/platform/http/problem.ts'

const grant = { keyId: 'k', accounts: '*', scopes: new Set() }
const request = { grant, correlationId: 'corr', receivedAt: 1_000 }
const state = { ...EMPTY_ACCOUNT, accountId: 'a' }

// What an account is set to is no thing with an id: the routes make their answer of the account itself.
describe('what is set of an account', () => {
  const told = (executed: Executed) => {
    const ports = { handler: { load: async () => state, execute: async () => executed } } as never
    return Promise.all([
      setLimitsRoute(ports).handle({ ...request, params: { scope: 'account:a' }, body: { openOrders: 3 } } as never),
      setFeeTierRoute(ports).handle({ ...request, params: { accountId: 'a' }, body: { tier: 2 } } as never),
    ])
  }

  it('is told when it is in force, be it by this command or an earlier one', async () => {
    for (const answer of [{ kind: 'done' }, { kind: 'ignored', reason: 'in force' }] as const) {
      const [limits, tier] = await told({ kind: 'answered', answer, position: 7n, state })
      assert.deepEqual(limits, { status: 200, body: { scope: 'account:a', limits: [], shares: [], position: '7' } })
      assert.deepEqual(tier, { status: 200, body: { accountId: 'a', tier: 0, position: '7' } })
    }
  })
  it('is refused where the account refused it', async () => {
    const answer = { kind: 'refused', refusal: refusal('not_found', 'no such account') } as const
    for (const reply of await told({ kind: 'answered', answer, position: 7n, state })) assert.deepEqual(reply, { refusal: answer.refusal })
  })
  it('is an operation to ask about while nobody knows', async () => {
    for (const reply of await told({ kind: 'unknown', operationId: 'a.3.limits-corr' }))
      assert.deepEqual(reply, { status: 202, body: { operationId: 'a.3.limits-corr', outcome: 'unknown' } })
  })
  it('is not ready where nothing was appended, with the reason', async () => {
    for (const reply of await told({ kind: 'unavailable', detail: 'too many commands are waiting' }))
      assert('refusal' in reply && reply.refusal.code === 'not_ready' && reply.refusal.detail === 'too many commands are waiting')
  })
})
