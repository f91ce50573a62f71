import assert from 'node:assert/strict'
import fc from 'fast-check'
import { configHashOf, decideStrategy, type StrategyCommand } from '../../../src/commands/strategy/decide.ts'
import { evolveStrategy, type Strategy } from '../../../src/events/strategies.ts'

const by = { strategyId: 's', actor: 'k', time: 1_000 }
const define = (config: Record<string, unknown> = {}): StrategyCommand => ({ type: 'DefineStrategy', config, ...by })
const start = (to: 'Paper' | 'Live' = 'Live'): StrategyCommand => ({ type: 'StartStrategy', to, ...by })
const pause: StrategyCommand = { type: 'PauseStrategy', ...by }
const stop: StrategyCommand = { type: 'StopStrategy', ...by }

/** The states after each command, or why it was refused. */
const told = (...commands: readonly StrategyCommand[]) => {
  let strategy: Strategy | undefined
  let revision = 0
  return commands.map((command) => {
    const { events, answer } = decideStrategy(strategy, command)
    for (const event of events) strategy = evolveStrategy(strategy, event, { streamId: 'strategy-s', revision: String(revision++) })
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
