import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decideControl, REQUEST_VALID_MS } from '../../../src/commands/control/decide.ts'
import { type Control, createControlBook, evolveControl, isStricter } from '../../../src/events/controls.ts'
import type { ControlState } from '../../../src/events/reference/control-events.ts'

const setBy = (revision: number) => ({ streamId: 'control-global', revision: String(revision) })

/** A scope's control that takes commands one after the other, as its stream would. */
const controlStory = () => {
  let control: Control | undefined
  let revision = -1
  return {
    get state(): ControlState {
      return control?.state ?? 'ACTIVE'
    },
    get control() {
      return control
    },
    does: (actor: string, to: ControlState, time = 1_000) => {
      const decided = decideControl(control, { scope: 'global', to, reason: 'because', actor, time })
      for (const event of decided.events) control = evolveControl(control, event, setBy(++revision))
      return decided
    },
  }
}

describe('controls: one actor tightens, two loosen', () => {
  it('halts and reduces by one command', () => {
    const s = controlStory()
    assert.deepEqual(
      s.does('a', 'REDUCING').events.map(({ type }) => type),
      ['ControlSet'],
    )
    s.does('a', 'HALTED')
    assert.equal(s.state, 'HALTED')
    assert.deepEqual(s.control?.setBy, setBy(1))
  })
  it('stays halted until another actor approves the same state', () => {
    const s = controlStory()
    s.does('a', 'HALTED')
    assert.equal(s.does('a', 'ACTIVE').answer.kind, 'requested')
    assert.equal(s.does('a', 'ACTIVE').answer.kind, 'same_actor')
    assert.equal(s.does('b', 'REDUCING').answer.kind, 'requested', 'another state is another request')
    assert.equal(s.state, 'HALTED')
    assert.equal(s.does('a', 'REDUCING').answer.kind, 'in_force')
    assert.equal(s.state, 'REDUCING')
  })
  it('loosens from HALTED to REDUCING with two actors as well', () => {
    const s = controlStory()
    s.does('a', 'HALTED')
    s.does('a', 'REDUCING')
    assert.equal(s.state, 'HALTED')
  })
  it('withdraws a request by halting again, and lets one that is too old lapse', () => {
    const s = controlStory()
    s.does('a', 'HALTED')
    s.does('a', 'ACTIVE')
    s.does('c', 'HALTED')
    assert.equal(s.does('b', 'ACTIVE').answer.kind, 'requested')
    assert.equal(s.does('a', 'ACTIVE', 2_000 + REQUEST_VALID_MS).answer.kind, 'requested')
    assert.equal(s.state, 'HALTED')
  })
  it('appends nothing when it is so already', () => {
    const s = controlStory()
    assert.deepEqual(s.does('a', 'ACTIVE').events, [])
    s.does('a', 'HALTED')
    assert.deepEqual(s.does('b', 'HALTED').events, [])
  })
  it('never loosens by the commands of one actor, in any sequence', () => {
    const state = fc.constantFrom<ControlState>('ACTIVE', 'REDUCING', 'HALTED')
    fc.assert(
      fc.property(fc.array(fc.tuple(state, fc.integer({ min: 0, max: 2 * REQUEST_VALID_MS })), { maxLength: 30 }), (commands) => {
        const s = controlStory()
        for (const [to, time] of commands) {
          const before = s.state
          s.does('alone', to, time)
          assert.ok(!isStricter(before, s.state), `${before} → ${s.state}`)
        }
      }),
    )
  })
})

describe('the control in force', () => {
  const set = (scope: string, state: ControlState) => ({ type: 'ControlSet', data: { scope, state, reason: 'r', by: 'a', at: 1 } }) as const

  it('is the strictest of the scopes, with the event that set it', () => {
    const book = createControlBook()
    assert.equal(book.effective(['global', 'account:a']).state, 'ACTIVE')
    book.apply(set('account:a', 'REDUCING'), setBy(4))
    book.apply(set('instrument:SOL/USDC', 'HALTED'), setBy(7))
    assert.equal(book.effective(['global', 'account:a']).state, 'REDUCING')
    assert.deepEqual(book.effective(['global', 'account:a', 'instrument:SOL/USDC']).setBy, setBy(7))
    book.apply(set('instrument:SOL/USDC', 'ACTIVE'), setBy(8))
    assert.equal(book.effective(['global', 'account:b', 'instrument:SOL/USDC']).state, 'ACTIVE')
  })
  it('of a scope that is looked at as if it stood for nothing by itself is what was said of it', () => {
    const book = createControlBook()
    book.stand('strategy:s', 'REDUCING', { rule: 'strategy_state', value: 'Paper' }, setBy(1))
    book.stand('instrument:SOL/USDC', 'REDUCING', { rule: 'instrument_status', value: 'reduce_only' }, setBy(2))
    assert.equal(book.effective(['global', 'strategy:s'], 'strategy:s').state, 'ACTIVE')
    assert.equal(book.effective(['strategy:s', 'instrument:SOL/USDC'], 'strategy:s').scope, 'instrument:SOL/USDC')
    book.apply(set('strategy:s', 'HALTED'), setBy(3))
    assert.equal(book.effective(['strategy:s'], 'strategy:s').state, 'HALTED')
  })
  it('lets exits alone pass by two words where both the account’s position and the strategy’s are to shrink', () => {
    const book = createControlBook()
    const scopes = ['global', 'instrument:SOL/USDC', 'account:a', 'strategy:s']
    const told = (inOrder = scopes) => {
      const { scope, state, also } = book.effective(inOrder)
      return [scope, state, also?.scope, also?.also]
    }
    book.stand('strategy:s', 'REDUCING', { rule: 'strategy_state', value: 'Draft' }, setBy(1))
    assert.deepEqual(told(), ['strategy:s', 'REDUCING', undefined, undefined])
    book.apply(set('account:a', 'REDUCING'), setBy(2))
    book.apply(set('instrument:SOL/USDC', 'REDUCING'), setBy(3))
    assert.deepEqual(told(), ['instrument:SOL/USDC', 'REDUCING', 'strategy:s', undefined])
    assert.deepEqual(told([...scopes].reverse()), ['strategy:s', 'REDUCING', 'account:a', undefined])
    book.apply(set('account:a', 'HALTED'), setBy(4))
    assert.deepEqual(told(), ['account:a', 'HALTED', undefined, undefined])
    assert.deepEqual(told([...scopes].reverse()), ['account:a', 'HALTED', undefined, undefined])
  })
  it('halts a scope whose newest control this build cannot read', () => {
    const book = createControlBook()
    book.distrust('global', setBy(1))
    assert.equal(book.effective(['global']).state, 'HALTED')
  })
  it('tells who waits of each change', () => {
    const book = createControlBook()
    const seen: string[] = []
    const end = book.onChange(({ state }) => seen.push(state))
    book.apply(set('global', 'HALTED'), setBy(0))
    end()
    book.apply(set('global', 'ACTIVE'), setBy(1))
    assert.deepEqual(seen, ['HALTED'])
  })
})
