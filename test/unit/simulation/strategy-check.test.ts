import assert from 'node:assert/strict'
import type { AccountState } from '../../../src/commands/account/state.ts'
import type { RecordedEvent } from '../../../src/events/store/event-store.ts'
import { SCHEMA_VERSION } from '../../../src/events/upcast.ts'
import { createStrategyCheck } from '../../../src/simulation/invariants/strategy-check.ts'
import { createViolations } from '../../../src/simulation/invariants/violations.ts'
import { funded, landed, place, request, type Story, signed, sol, swap, usdc } from '../commands/account-story.ts'

const recorded = (type: string, data: unknown): RecordedEvent => ({
  streamId: 'account-000.acct',
  type,
  data,
  revision: 99n,
  id: 'id',
  metadata: { schema: SCHEMA_VERSION },
  created: 0,
  position: { commit: 0n, prepare: 0n },
})

/** What the check finds in the next commands of a story, the strategy being in this state since so long. */
const found = (s: Story, state: string, seconds: number, commands: readonly Parameters<Story['does']>[0][], oneAppend = false): number => {
  let now = 0
  const violations = createViolations(1, () => 0)
  const check = createStrategyCheck(() => now, violations)
  check.noted([recorded('StrategyDefined', { strategyId: 'grid' })], undefined)
  check.noted([recorded('StrategyStateSet', { strategyId: 'grid', state: 'Live' })], undefined)
  if (state !== 'Live') check.noted([recorded('StrategyStateSet', { strategyId: 'grid', state })], undefined)
  now += seconds * 1_000
  const first: AccountState = s.state
  const all: RecordedEvent[] = []
  for (const command of commands) {
    const before = s.state
    const events = s.does(command).events.map(({ type, data }) => recorded(type, JSON.parse(JSON.stringify(data))))
    assert.ok(events.length > 0, command.type)
    all.push(...events)
    if (!oneAppend) check.noted(events, before)
  }
  if (oneAppend) check.noted(all, first)
  return violations.found.length
}

const buy = place(request({ strategyId: 'grid' }))
const sell = (qty: number) => place(request({ clOrdId: 'c-2', side: 'sell', orderQty: sol(qty), strategyId: 'grid' }))
const holding = (): Story => {
  const s = funded()
  for (const command of [buy, signed('1'), landed('1', swap(sol(1), -usdc(100)))]) s.does(command)
  return s
}

describe('the check of strategies', () => {
  it('takes what a Live one does, and what was decided before another state was known everywhere', () => {
    assert.equal(found(funded(), 'Live', 60, [buy, signed('1')]), 0)
    assert.equal(found(funded(), 'Paused', 10, [buy, signed('1')]), 0)
  })
  it('finds an entry that was accepted, and one that was signed, of one that is not Live', () => {
    for (const state of ['Paper', 'Paused', 'Stopped']) assert.equal(found(funded(), state, 60, [buy, signed('1')]), 2, state)
    assert.equal(found(funded(), 'Paused', 60, [place(request())]), 0, 'of no strategy')
  })
  it('takes exits of its own position, and finds one that is more', () => {
    assert.equal(found(holding(), 'Paused', 60, [sell(1), signed('2')]), 0)
    assert.equal(found(holding(), 'Paused', 60, [sell(1.5), signed('2')]), 2)
  })
  it('looks at each event of an append on what the one before it left', () => {
    const s = funded()
    for (const command of [buy, signed('1')]) s.does(command)
    assert.equal(found(s, 'Stopped', 60, [landed('1', swap(sol(1), -usdc(100))), sell(1), signed('2')], true), 0)
  })
})
