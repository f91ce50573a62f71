import assert from 'node:assert/strict'
import fc from 'fast-check'
import { configHashOf, decideStrategy, type StrategyCommand } from '../../../src/commands/strategy/decide.ts'
import { evolveStrategy, type Strategy } from '../../../src/events/strategies.ts'

const by = { strategyId: 's', actor: 'k', time: 1_000 }
const define = (config: Record<string, unknown> = {}): StrategyCommand => ({ type: 'DefineStrategy', config, ...by })
const start = (to: 'Paper' | 'Live' = 'Live'): StrategyCommand => ({ type: 'StartStrategy', to, ...by })
const pause: StrategyCommand = { type: 'PauseStrategy', ...by }
const stop: StrategyCommand = { type: 'StopStrategy', ...by }

const SET = { streamId: 'strategy-s', revision: '0' }

/** The states after each command, or why it was refused. */
const told = (...commands: readonly StrategyCommand[]) => {
  let strategy: Strategy | undefined
  let revision = 0
  return commands.map((command) => {
    const { events, answer } = decideStrategy(strategy, command)
    for (const event of events) strategy = evolveStrategy(strategy, event, { ...SET, revision: String(revision++) })
    const states = events.map((event) => (event.type === 'StrategyDefined' ? `v${event.data.version}` : event.data.state))
    return answer.kind === 'strategy' ? states.join(' ') : answer.kind
  })
}

describe('a strategy', () => {
  it('comes to Live by every state on the way, is paused and started again, and stops for ever', () => {
    const path = told(define(), start(), pause, start(), stop, start(), pause, define({ a: 1 }))
    assert.deepEqual(path, ['v1', 'Validated Paper Live', 'Paused', 'Live', 'Stopped', 'conflict', 'conflict', 'conflict'])
  })
  it('waits in Paper, and does not go back from Live', () => {
    assert.deepEqual(told(define(), start('Paper'), start('Paper'), pause, start(), start('Paper')), [
      ...['v1', 'Validated Paper', '', 'conflict', 'Live', 'conflict'],
    ])
  })
  it('is a Draft again with another configuration, which it gets only while nothing trades by it', () => {
    assert.deepEqual(told(define({ a: 1 }), define({ a: 1 }), start(), define({ a: 2 }), pause, define({ a: 2 }), start()), [
      ...['v1', '', 'Validated Paper Live', 'conflict', 'Paused', 'v2', 'Validated Paper Live'],
    ])
  })
  it('is told by events that name who did what, when, and by which configuration', () => {
    const configHash = configHashOf({ a: 1 })
    const [defined] = decideStrategy(undefined, define({ a: 1 })).events
    const data = { strategyId: 's', version: 1, config: { a: 1 }, configHash, by: 'k', at: 1_000 }
    assert.deepEqual(defined, { type: 'StrategyDefined', data })
    const draft = evolveStrategy(undefined, defined!, SET)!
    const { events, answer } = decideStrategy(draft, { ...start('Paper'), actor: 'other', time: 900 })
    const step = { strategyId: 's', version: 1, configHash, by: 'other', at: 1_000 }
    assert.deepEqual(events, [
      { type: 'StrategyStateSet', data: { ...step, state: 'Validated' } },
      { type: 'StrategyStateSet', data: { ...step, state: 'Paper' } },
    ])
    assert.deepEqual(answer, { kind: 'strategy', first: false })
    assert.deepEqual(decideStrategy({ ...draft, at: 2_000 }, define({ a: 2 })).events[0]?.data.at, 2_000)
  })
  it('says of a definition whether it was the first, and of a conflict what stands against it', () => {
    const paper: Strategy = { ...{ strategyId: 's', state: 'Paper', version: 1, config: {}, configHash: '', by: 'k', at: 1 }, setBy: SET }
    const answers = (state: Strategy['state'], command: StrategyCommand) => decideStrategy({ ...paper, state }, command).answer
    assert.deepEqual(decideStrategy(undefined, define()).answer, { kind: 'strategy', first: true })
    assert.deepEqual(answers('Paper', define({ a: 1 })), { kind: 'strategy', first: false })
    const same = decideStrategy({ ...paper, configHash: configHashOf({ a: 1 }) }, define({ a: 1 }))
    assert.deepEqual(same, { events: [], answer: { kind: 'strategy', first: false } })
    assert.deepEqual(answers('Paper', pause), { kind: 'conflict', reason: 's is Paper: it cannot be paused' })
    assert.deepEqual(answers('Live', define({ a: 1 })), { kind: 'conflict', reason: 's is Live: it cannot get another configuration' })
    assert.deepEqual(answers('Live', start('Paper')), { kind: 'conflict', reason: 's is Live: it cannot become Paper' })
    assert.deepEqual(answers('Paused', start('Paper')), { kind: 'conflict', reason: 's is Paused: it cannot become Paper' })
  })
  it('is paused, started and stopped once: the same again appends nothing', () => {
    const path = told(define(), start(), start(), pause, pause, stop, stop)
    assert.deepEqual(path, ['v1', 'Validated Paper Live', '', 'Paused', '', 'Stopped', ''])
  })
  it('is validated or on paper, and gets another configuration', () => {
    for (const state of ['Draft', 'Validated', 'Paper', 'Paused'] as const) {
      const before: Strategy = { ...{ strategyId: 's', state, version: 1, config: {}, configHash: '', by: 'k', at: 1 }, setBy: SET }
      assert.equal(decideStrategy(before, define({ a: 1 })).events.length, 1, state)
    }
  })
  it('must have been defined', () => {
    for (const command of [start(), pause, stop]) assert.deepEqual(told(command), ['unknown'])
  })
  it('says the same hash for the same configuration in any order, and another for another', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (config, other) => {
        const reversed = Object.fromEntries(Object.entries(config).reverse())
        assert.equal(configHashOf(reversed), configHashOf(config))
        assert.notEqual(configHashOf({ ...config, one: other, two: 1 }), configHashOf({ ...config, one: other, two: 2 }))
      }),
    )
    assert.notEqual(configHashOf({ a: {} }), configHashOf({ a: [] }))
  })
  it('is never Live without having been Validated and Paper with the same configuration', () => {
    const command = fc.constantFrom(define(), define({ a: 1 }), start(), start('Paper'), pause, stop)
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
        const steps = told(...commands).flatMap((step) => step.split(' '))
        for (const [index, step] of steps.entries()) {
          if (step !== 'Live') continue
          const since = steps.slice(
            steps.slice(0, index).findLastIndex((each) => each.startsWith('v')),
            index,
          )
          assert.ok(since.includes('Validated') && since.includes('Paper'), steps.join(' '))
        }
      }),
    )
  })
})
