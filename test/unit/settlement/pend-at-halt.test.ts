import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import type { AttemptState } from '../../../src/commands/transaction/attempt-state.ts'
import { createControlBook } from '../../../src/events/controls.ts'
import type { ControlState } from '../../../src/events/reference/control-events.ts'
import { createLog } from '../../../src/platform/log.ts'
import { pendAtHalt } from '../../../src/settlement/actions/pend-at-halt.ts'
import type { Settling } from '../../../src/settlement/actions/settling.ts'
import { expired, funded, limit, place, type Story, signed } from '../commands/account-story.ts'

/** What settlement does about the order's open attempt under these controls, and which accounts it wakes when one changes. */
const under = async (s: Story, scope: string, state: ControlState) => {
  const controls = createControlBook()
  controls.apply({ type: 'ControlSet', data: { scope, state, reason: 'a drill', by: 'k1', at: 1 } }, { streamId: 'control', revision: '0' })
  const commands: AccountCommand[] = []
  const woken: string[] = []
  const settling = {
    deps: {
      rules: { controls, freshness: { ageMs: () => 0, tripMs: () => 0 } },
      handler: {
        execute: async (_: string, command: AccountCommand) => {
          commands.push(command)
          return { kind: 'answered', answer: { kind: 'done' }, state: s.state }
        },
      },
      clock: { now: () => 0 },
      log: createLog('test', 'silent'),
    },
    halted: { add: (accountId: string) => woken.push(accountId) },
  } as unknown as Settling
  const outcome = await pendAtHalt(settling, 'acct', s.state, s.state.attempts.get('1') as AttemptState)
  return { outcome, commands, woken }
}
const open = (): Story => {
  const s = funded()
  s.does(place(limit()))
  s.does({ type: 'TriggerOrder', number: 1, trigger: { price: '99', sourceId: 't', time: 1_000 } })
  s.does(signed('1'))
  return s
}

describe('an open attempt at a halt', () => {
  for (const scope of ['global', 'account:acct', 'instrument:SOL/USDC'])
    it(`has its order pend: ${scope}`, async () => {
      const { outcome, commands } = await under(open(), scope, 'HALTED')
      assert.deepEqual([outcome?.kind, commands], ['changed', [{ type: 'HaltOrder', number: 1 }]])
    })
  it('is left alone by a halt of something else, and by one that reduces; but looks again when a control changes', async () => {
    for (const [scope, state] of [
      ['account:other', 'HALTED'],
      ['global', 'REDUCING'],
    ] as const)
      assert.deepEqual(await under(open(), scope, state), { outcome: undefined, commands: [], woken: ['acct'] })
  })
  it('is asked for once', async () => {
    const s = open()
    s.does({ type: 'HaltOrder', number: 1, control: { scope: 'global', state: 'HALTED', reason: '', setBy: undefined } })
    assert.deepEqual((await under(s, 'global', 'HALTED')).commands, [])
    s.does(expired('1'))
    assert.equal(s.state.orders.size, 0)
  })
})
