import assert from 'node:assert/strict'
import type { RecordedEvent } from '../../../src/events/store/event-store.ts'
import { createLimitCheck } from '../../../src/simulation/invariants/limit-check.ts'
import { createViolations } from '../../../src/simulation/invariants/violations.ts'

const event = (streamId: string, type: string, data: unknown): RecordedEvent => ({
  ...{ streamId, type, data, revision: 0n, id: 'id', metadata: {}, created: 0, position: { commit: 0n, prepare: 0n } },
})
const set = (openOrders: number) =>
  event('limit-global', 'LimitSet', { scope: 'global', rules: { openNotional: {}, position: {}, openOrders, ordersPerMinute: null } })
const told = (type: string, accountId: string, total: string) =>
  event(type.startsWith('Limit') ? 'limit-global' : `account-000.${accountId}`, type, {
    scope: 'global',
    accountId,
    key: 'openOrders',
    total,
  })

/** What the check finds in a story. */
const found = (...events: readonly RecordedEvent[]): number => {
  const violations = createViolations(1, () => 0)
  const check = createLimitCheck(violations)
  for (const each of events) check.noted([each])
  return violations.found.length
}

describe('the check of shares', () => {
  const grants = [set(5), told('LimitGranted', 'a', '3'), told('LimitGranted', 'b', '2')]
  it('takes grants up to the limit, and what was returned again', () => {
    assert.equal(found(...grants), 0)
    const returned = [told('AllotmentReceived', 'a', '3'), told('AllotmentReturned', 'a', '2'), told('LimitReturned', 'a', '2')]
    assert.equal(found(...grants, ...returned, told('LimitGranted', 'b', '4')), 0)
  })
  it('finds a grant beyond the limit', () => assert.equal(found(...grants, told('LimitGranted', 'b', '3')), 1))
  it('lets a limit be lowered below what is granted, but grants nothing more', () => {
    assert.equal(found(...grants, set(1)), 0)
    assert.equal(found(...grants, set(1), told('LimitGranted', 'a', '4')), 1)
  })
  it('finds a share that nobody granted, and one that is free before it was returned', () => {
    assert.equal(found(...grants, told('AllotmentReceived', 'a', '4')), 1)
    assert.equal(found(...grants, told('AllotmentReceived', 'a', '3'), told('LimitReturned', 'a', '1')), 1)
  })
})
