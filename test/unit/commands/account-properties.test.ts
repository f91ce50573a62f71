import assert from 'node:assert/strict'
import fc from 'fast-check'
import { evolve } from '../../../src/commands/account/evolve.ts'
import { EMPTY_ACCOUNT } from '../../../src/commands/account/state.ts'
import { decodeState, encodeState } from '../../../src/commands/handler/snapshot-codec.ts'
import { canonical } from '../../golden/state-hash.ts'
import { assertDoubleEntry, assertInvariants, auditOrders } from './account-invariants.ts'
import { commandOf, KINDS, step, timeOf } from './account-steps.ts'
import { funded, story } from './account-story.ts'

/** Events of rare paths: the property means little unless it came through all of them. */
const RARE = [
  'TradeCanceled',
  'FundsSurplusCredited',
  'FundsDepositReversed',
  'FundsDepositFailed',
  'FundsArrived',
  'OrderCancelRequested',
  'OrderRejected',
  'OrderTriggered',
  'OrderTrailed',
  'OrderExpired',
  'OrderReplaced',
  'OrderReplaceRequested',
  'OrderReplaceRejected',
  'OrderCancelRejected',
  'OrderReleased',
  'OrderReservationMoved',
  'DeadManFired',
  'FundsWithdrawalSent',
  'FundsTransferSent',
  'FundsTransferReceived',
  'LedgerFeeCharged',
  'LedgerFeeReversed',
]
/** One round misses some of them about once in ten runs. */
const MOST_ROUNDS = 6

describe('any account after any commands', () => {
  it('never throws, balances every event, equals the chain, and holds nothing for ended orders', () => {
    const kinds = new Set<string>()
    const holds = fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      const s = funded()
      const audit = auditOrders()
      steps.forEach((each, index) => {
        const decision = s.does(commandOf(s.state, each, index), timeOf(each))
        for (const event of decision.events) {
          assertDoubleEntry(event)
          kinds.add(event.type)
        }
        audit(decision.events, s)
        assertInvariants(s)
      })
    })
    let missed: readonly string[] = RARE
    for (let round = 0; round < MOST_ROUNDS && missed.length > 0; round++) {
      fc.assert(holds, { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) })
      missed = RARE.filter((kind) => !kinds.has(kind))
    }
    assert.deepEqual(missed, [], 'never reached')
  }).timeout(60_000)

  it('folds to the same state from its events, and from a snapshot at any point', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 100 }), fc.nat(), (steps, cut) => {
        const s = funded()
        for (const [index, each] of steps.entries()) s.does(commandOf(s.state, each, index))
        let replayed = EMPTY_ACCOUNT
        let resumed = EMPTY_ACCOUNT
        const at = cut % s.events.length
        s.events.forEach((event, index) => {
          replayed = evolve(replayed, event, BigInt(index))
          resumed = evolve(resumed, event, BigInt(index))
          if (index === at) resumed = decodeState(JSON.parse(JSON.stringify(encodeState(resumed))))
        })
        assert.deepEqual(canonical(replayed), canonical(s.state))
        assert.deepEqual(canonical(resumed), canonical(s.state))
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 150) },
    )
  }).timeout(60_000)

  it('refuses or ignores every command before it exists, but the first', () => {
    const s = story()
    for (const kind of KINDS) assert.equal(s.does(commandOf(s.state, { kind, pick: 1, size: 1, flavour: 1 }, 0)).events.length, 0)
  })
})
