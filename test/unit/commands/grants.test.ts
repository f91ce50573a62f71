import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decideGrant, decideReturn } from '../../../src/commands/allotment/decide-grant.ts'
import { evolveLimit, grantOf, type LimitEvent, NO_LIMIT } from '../../../src/events/limit-book.ts'
import { LimitRules } from '../../../src/events/limit-rules.ts'

const ONE = 10n ** 12n
const KEY = 'openOrders'
const setBy = { streamId: 'limit-global', revision: '0' }
const set = (openOrders: number): LimitEvent => ({
  type: 'LimitSet',
  data: { scope: 'global', rules: LimitRules.parse({ openOrders }), by: 'k', at: 0 },
})

/** A limit's stream and what each account knows of its share, in any interleaving of grants, deliveries, spending and returns. */
const step = fc.record({
  kind: fc.constantFrom('grant', 'deliver', 'return', 'note', 'lower'),
  account: fc.integer({ min: 0, max: 4 }),
  size: fc.integer({ min: 1, max: 6 }),
})

describe('grants of a wider limit', () => {
  it('never exceed it at any position, whatever is lost or late, and what accounts hold never exceeds what is granted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.array(step, { maxLength: 200 }), (most, steps) => {
        let limit = most
        let state = evolveLimit(NO_LIMIT, set(limit), setBy)
        const accounts = Array.from({ length: 5 }, () => ({ received: 0n, returned: 0n }))
        const apply = (events: readonly LimitEvent[]): void => {
          for (const event of events) {
            const before = state.outstanding.get(KEY) ?? 0n
            state = evolveLimit(state, event, setBy)
            const after = state.outstanding.get(KEY) ?? 0n
            assert.ok(after <= BigInt(limit) * ONE || after <= before, `granted ${after} of ${limit}`)
          }
        }
        for (const { kind, account, size } of steps) {
          const name = `a-${account}`
          const known = accounts[account]!
          const { granted } = grantOf(state, KEY, name)
          switch (kind) {
            case 'grant': {
              const need = { scope: 'global', key: KEY, missing: BigInt(size) * ONE, received: known.received }
              const { events, answer } = decideGrant(state, name, need, 0)
              apply(events)
              if (answer.kind === 'granted') assert.ok(answer.total - known.received >= need.missing)
              break
            }
            case 'deliver':
              known.received = granted
              break
            case 'return': {
              const free = known.received - known.returned
              known.returned += free < BigInt(size) * ONE ? free : BigInt(size) * ONE
              break
            }
            case 'note':
              apply(decideReturn(state, name, { scope: 'global', key: KEY, total: known.returned }, 0).events)
              break
            default:
              limit = size
              state = evolveLimit(state, set(limit), setBy)
          }
          const held = accounts.reduce((sum, each) => sum + each.received - each.returned, 0n)
          assert.ok(held <= (state.outstanding.get(KEY) ?? 0n), 'more is held than granted')
          assert.ok((state.outstanding.get(KEY) ?? 0n) >= 0n)
        }
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) },
    )
  })
  it('use what was granted and did not arrive before anything new', () => {
    const state = evolveLimit(
      evolveLimit(NO_LIMIT, set(10), setBy),
      { type: 'LimitGranted', data: { scope: 'global', accountId: 'a', key: KEY, total: '4', at: 0 } },
      setBy,
    )
    const { events, answer } = decideGrant(state, 'a', { scope: 'global', key: KEY, missing: 3n * ONE, received: 1n * ONE }, 0)
    assert.deepEqual([events, answer], [[], { kind: 'granted', total: 4n * ONE }])
  })
})
