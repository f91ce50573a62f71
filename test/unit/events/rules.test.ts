import assert from 'node:assert/strict'
import { changeControl } from '../../../src/commands/control/change-control.ts'
import { followRules } from '../../../src/events/rules.ts'
import { parseScope, scopeOfControl } from '../../../src/events/scope.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createMemoryLog } from '../../../src/simulation/store/memory-log.ts'
import { quietStore } from '../../../src/simulation/store/quiet-store.ts'

const log = createLog('test', 'silent')

describe('rules as a process follows them', () => {
  const stop = new AbortController()
  after(() => stop.abort())
  const memory = createMemoryLog()
  const store = quietStore(memory, systemClock)
  const deps = { store, clock: systemClock, ids: systemIds, log, signal: stop.signal }
  const halt = (scope: string) =>
    changeControl(deps, { scope, to: 'HALTED', reason: 'r', actor: 'a', time: systemClock.now() }, { commandId: 'c', correlationId: 'c' })

  it('knows what was set before it started, and what is set later once a proof has come back', async () => {
    await halt('account:early')
    const rules = await followRules(deps)
    assert.equal(rules.controls.effective(['account:early']).state, 'HALTED')
    assert.equal(rules.freshness.ageMs(), Number.POSITIVE_INFINITY)
    await halt('global')
    assert.equal(await rules.freshness.prove(0), true)
    assert.equal(rules.controls.effective(['global']).state, 'HALTED')
    assert.ok(rules.freshness.ageMs() < 1_000)
  })
  it('shares one tick among those who ask at the same time, and needs none while the last proof is young', async () => {
    const rules = await followRules(deps)
    const ticks = () => memory.all.filter(({ type }) => type === 'Tick').length
    const before = ticks()
    await Promise.all(Array.from({ length: 20 }, () => rules.freshness.prove(10_000)))
    assert.equal(ticks(), before + 1)
    await rules.freshness.prove(10_000)
    assert.equal(ticks(), before + 1)
  })
  it('proves nothing while the subscription is silent', async function () {
    this.timeout(5_000)
    const silent = {
      ...store,
      follow: async function* () {
        yield memory.all.slice()
        await new Promise(() => undefined)
      },
    }
    // the mark of the start is in the log already when the subscription reads it, nothing later is
    const rules = await followRules({ ...deps, store: silent })
    await halt('account:missed')
    assert.equal(rules.controls.effective(['account:missed']).state, 'ACTIVE')
    assert.equal(await rules.freshness.prove(40), false)
    assert.equal(rules.freshness.ageMs(), Number.POSITIVE_INFINITY)
  })
  it('halts a scope whose control it cannot read', async () => {
    await store.append('control-strategy-new', 'no_stream', [
      { id: systemIds.uuid(), type: 'ControlInvented', data: {}, metadata: { schema: 1 } },
    ])
    const rules = await followRules(deps)
    assert.equal(rules.controls.effective(['strategy:new']).state, 'HALTED')
  })
})

describe('scopes', () => {
  it('are read from their text and found back from the stream', () => {
    assert.deepEqual(parseScope('instrument:SOL/USDC'), { kind: 'instrument', id: 'SOL/USDC' })
    assert.equal(scopeOfControl('control-instrument-SOL/USDC'), 'instrument:SOL/USDC')
    assert.equal(scopeOfControl('control-account-a-b'), 'account:a-b')
    assert.equal(scopeOfControl('instrument-SOL/USDC'), undefined)
    for (const bad of ['', 'all', 'account:', 'account:a.b', 'instrument:SOL', 'global:x', 'strategy:ä'])
      assert.equal(parseScope(bad), undefined, bad)
  })
})
