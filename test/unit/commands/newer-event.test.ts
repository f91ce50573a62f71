import assert from 'node:assert/strict'
import { replayAccount } from '../../../src/audit/replay.ts'
import { createAccountHandler } from '../../../src/commands/handler/create-handler.ts'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { accountStream } from '../../../src/events/streams.ts'
import { SCHEMA_VERSION } from '../../../src/events/upcast.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { runAccount } from '../../../src/settlement/actions/run-account.ts'
import type { Settling } from '../../../src/settlement/actions/settling.ts'
import { createMemoryLog } from '../../../src/simulation/store/memory-log.ts'
import { quietStore } from '../../../src/simulation/store/quiet-store.ts'

const log = createLog('test', 'silent')
const context = (commandId: string) => ({ commandId, correlationId: 'r', causationId: 'r', actor: 'test', time: 1_000 })

/** A process of this build, and an account to which a newer one writes. */
const meeting = async (type: string, schema: number) => {
  const store: EventStore = quietStore(createMemoryLog(), systemClock)
  const handler = createAccountHandler({ store, clock: systemClock, ids: systemIds, log, registry: createRegistry('test'), logId: 'l' })
  for (const accountId of ['old', 'other']) await handler.execute(accountId, { type: 'OpenAccount', accountId }, context('open'))
  const newer = async (): Promise<void> => {
    const metadata = { $correlationId: 'n', $causationId: 'n', commandId: 'n', actor: 'newer', schema, clock: 1 }
    const outcome = await store.append(accountStream('old'), 0n, [{ id: systemIds.uuid(), type, data: { at: 1 }, metadata }])
    assert.equal(outcome.kind, 'appended')
  }
  const count = async (): Promise<number> => {
    let events = 0
    for await (const _ of store.readStream(accountStream('old'))) events++
    return events
  }
  const assign = (accountId: string) => handler.execute(accountId, { type: 'AssignWallet', publicKey: 'k', path: 'm' }, context('w'))
  return { store, handler, newer, count, assign }
}

const CASES = [
  ['a schema newer than this build', 'WalletAssigned', SCHEMA_VERSION + 1, /newer than this build/],
  ['a type that this build does not know', 'WalletTeleported', SCHEMA_VERSION, /not an event of an account/],
] as const

for (const [what, type, schema, message] of CASES)
  describe(`an old process that meets ${what}`, () => {
    it('decides nothing on an account that it holds in memory, says why, and goes on with the others', async () => {
      const { newer, count, assign, handler } = await meeting(type, schema)
      await newer()
      const refused = await assign('old')
      assert.equal(refused.kind, 'unavailable')
      assert.equal(await count(), 2, 'nothing of ours was appended')
      const again = await handler.execute('old', { type: 'CancelOrder', number: 1 }, context('c-1'))
      assert.ok(again.kind === 'unavailable' && message.test(again.detail), JSON.stringify(again))
      assert.equal((await assign('other')).kind, 'answered')
    })
    it('cannot load it anew', async () => {
      const { newer, handler } = await meeting(type, schema)
      await newer()
      await assert.rejects(handler.load('old', { fresh: true }), message)
    })
    it('does not settle it', async () => {
      const { newer, handler } = await meeting(type, schema)
      await newer()
      const settling = { deps: { handler, log }, prices: { keep: () => undefined } } as unknown as Settling
      await assert.rejects(runAccount(settling, 'old', { seen: 1n, owned: () => true }), message)
    })
    it('does not replay it for an auditor', async () => {
      const { newer, store } = await meeting(type, schema)
      await newer()
      const options = { within: () => true, orders: { below: 10, most: 10 } }
      await assert.rejects(replayAccount(store, 'old', options), message)
    })
  })
