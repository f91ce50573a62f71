import assert from 'node:assert/strict'
import { decideFees } from '../../../src/commands/instrument/decide-fees.ts'
import { INSTRUMENT } from './account-story.ts'

const setBy = { streamId: 'instrument-SOL/USDC', revision: '4' }
const defined = { instrument: INSTRUMENT, setBy }
const tiers = [
  { tier: 0, bps: 25 },
  { tier: 1, bps: 10 },
]
const schedule = { symbol: 'SOL/USDC', version: 3, tiers, by: 'k0', at: 500, setBy }
const ask = (time: number, of: typeof tiers = tiers) => ({ symbol: 'SOL/USDC', tiers: of, actor: 'k1', time })

describe('defining a fee schedule', () => {
  it('needs its instrument', () => {
    assert.deepEqual(decideFees({ defined: undefined, schedule }, ask(1_000)), { events: [], answer: 'unknown' })
  })
  it('is version 1 at first, and the next one with other tiers', () => {
    const data = { symbol: 'SOL/USDC', version: 1, tiers, by: 'k1', at: 1_000 }
    const answer = 'defined'
    assert.deepEqual(decideFees({ defined, schedule: undefined }, ask(1_000)), { events: [{ type: 'FeeScheduleDefined', data }], answer })
    const fewer = tiers.slice(0, 1)
    assert.deepEqual(decideFees({ defined, schedule }, ask(1_000, fewer)), {
      events: [{ type: 'FeeScheduleDefined', data: { ...data, version: 4, tiers: fewer } }],
      answer,
    })
  })
  it('appends nothing where these are the tiers in force', () => {
    assert.deepEqual(decideFees({ defined, schedule }, ask(1_000, [...tiers])), { events: [], answer: 'defined' })
  })
  it('is never told to be before the schedule that it follows', () => {
    const { events } = decideFees({ defined, schedule }, ask(400, []))
    assert.deepEqual(events, [{ type: 'FeeScheduleDefined', data: { symbol: 'SOL/USDC', version: 4, tiers: [], by: 'k1', at: 500 } }])
  })
})
