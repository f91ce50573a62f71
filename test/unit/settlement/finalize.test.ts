import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import type { AttemptState } from '../../../src/commands/transaction/attempt-state.ts'
import { createLog } from '../../../src/platform/log.ts'
import type { SignatureState } from '../../../src/rpc/chain.ts'
import { finalizeAttempts } from '../../../src/settlement/actions/finalize.ts'
import type { Settling } from '../../../src/settlement/actions/settling.ts'

const attempt = { ref: '1', attempt: 1, signature: 'sig', phase: 'landed', generation: 1, slot: 10 } as AttemptState

/** What settlement does about a landing booked at slot 10, when the finalised chain has this. */
const commanded = async (state: SignatureState): Promise<string[]> => {
  const commands: AccountCommand[] = []
  const settling = {
    deps: {
      handler: {
        execute: async (_: string, command: AccountCommand) => {
          commands.push(command)
          return { kind: 'answered', answer: { kind: 'done' } }
        },
      },
      chain: {
        endpoints: () => [{ endpoint: 'a' }],
        finalizedHeights: async () => [{ endpoint: 'a', height: 90, slot: 100 }],
        statusAt: async () => ({ ok: true, value: { slot: 100, state } }),
      },
      clock: { now: () => 0 },
      log: createLog('test', 'silent'),
    },
    tracker: { finality: () => ({ kind: 'final', state }), forget: () => undefined },
  } as unknown as Settling
  await finalizeAttempts(settling, 'a', [attempt])
  return commands.map(({ type }) => type)
}

describe('a booked landing becomes final', () => {
  it('when the finalised chain has it in that slot', async () => {
    assert.deepEqual(await commanded({ slot: 10, commitment: 'finalized', error: null }), ['BookFinalized'])
  })
  it('not when a fork had it land again in another slot, at another price: it is taken back and booked anew', async () => {
    assert.deepEqual(await commanded({ slot: 12, commitment: 'finalized', error: null }), ['BookVanished'])
  })
  it('not when it ended otherwise there', async () => {
    assert.deepEqual(await commanded({ slot: 10, commitment: 'finalized', error: 'custom:6001' }), ['BookVanished'])
  })
})
