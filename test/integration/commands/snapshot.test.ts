import assert from 'node:assert/strict'
import { EventStoreDBClient } from '@eventstore/db-client'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { SEGMENT_ROWS } from '../../../src/commands/account/known-ids.ts'
import type { AccountState } from '../../../src/commands/account/state.ts'
import type { AccountHandler, Executed } from '../../../src/commands/handler/account-handler.ts'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { segmentStream, snapshotStream } from '../../../src/events/streams.ts'
import { eventStoreUrl } from '../../support/services.ts'
import { limit, place } from '../../unit/commands/account-story.ts'
import { describeOutcome, foldedFromLog, newAccountId, openFunded, openStore, run, writeSide } from './write-side.ts'

const cheap = (clOrdId: string, price = '1') => place(limit({ clOrdId, orderQty: 1_000n, price }), '1', 'unprobed')
const CLOSED = SEGMENT_ROWS + 50

/** What a state says, whatever it was folded from; sealed segments are loaded on need. */
const gist = (s: AccountState): unknown => ({
  ...s,
  sealed: s.segments,
  balances: s.balances.toJS(),
  orders: [...s.orders].sort(([a], [b]) => a - b),
  openByClOrdId: s.openByClOrdId.toJS(),
  closed: s.closed.toJS(),
  canceled: [...s.canceled],
  rejected: [...s.rejected],
  deposits: s.deposits.toJS(),
  attempts: s.attempts.toJS(),
  earlier: s.earlier.toJS(),
})

describe('snapshots', function () {
  this.timeout(180_000)
  let store: EventStore
  const accountId = newAccountId()

  /** A fold of the whole stream may take longer than a command waits; it goes on meanwhile, and who asks again finds it. */
  const answered = async (handler: AccountHandler, command: AccountCommand): Promise<Executed> => {
    for (;;) {
      const outcome = await run(handler, accountId, command)
      if (outcome.kind !== 'unavailable') return outcome
    }
  }

  /** The same questions to a new process. */
  const answers = async (): Promise<{ readonly said: string[]; readonly state: AccountState }> => {
    const { handler } = writeSide(store)
    const state = await handler.load(accountId)
    const said: string[] = []
    for (const command of [
      cheap('c-0'),
      cheap('c-0', '2'),
      cheap(`c-${CLOSED - 1}`),
      cheap('open-1'),
      cheap('open-1', '2'),
      { type: 'CancelOrder', number: 1 },
      { type: 'CancelOrder', number: CLOSED },
      { type: 'CancelOrder', number: 99_999 },
    ] as const) {
      const outcome = await answered(handler, command)
      const revision = outcome.kind === 'answered' && outcome.answer.kind === 'repeated' ? `@${outcome.answer.revision}` : ''
      said.push(describeOutcome(outcome) + revision)
    }
    await handler.close()
    return { said, state }
  }

  /** Snapshots are written beside the appends: the last one may lie before the segment was sealed. One process more packs what there is. */
  const packedAtItsHead = async (): Promise<void> => {
    for (;;) {
      const { handler } = writeSide(store, undefined, { every: 1n, accounts: 1 })
      const { revision } = await handler.load(accountId)
      await handler.close()
      for await (const { data } of store.readBackwards(snapshotStream(accountId), 1))
        if ((data as { revision: string }).revision === revision.toString()) return
    }
  }

  before(async () => {
    store = await openStore(await eventStoreUrl())
    const { handler, registry } = writeSide(store)
    await openFunded(handler, accountId)
    for (let n = 0; n < CLOSED; n += 100) {
      const numbers = Array.from({ length: Math.min(100, CLOSED - n) }, (_, i) => n + i)
      await Promise.all(
        numbers.flatMap((i) => [run(handler, accountId, cheap(`c-${i}`)), run(handler, accountId, { type: 'CancelOrder', number: i + 1 })]),
      )
    }
    await Promise.all([run(handler, accountId, cheap('open-1')), run(handler, accountId, cheap('open-2'))])
    await handler.close()
    assert.match(await registry.getSingleMetricAsString('quantbot_account_snapshots_total'), /result="written"[^}]*} [1-9]/)
    await packedAtItsHead()
  })
  after(() => store.close())

  it('give the fold that the whole stream gives', async () => {
    const { state } = await answers()
    assert.equal(state.segments, 1)
    assert.equal(state.sealed.size, 0, 'it was loaded from a snapshot')
    const full = await foldedFromLog(store, accountId)
    assert.equal(full.sealed.size, 1)
    assert.deepEqual(gist(state), gist(full))
  })

  it('keep one event a stream, of at most 256 KiB', async () => {
    const kept: unknown[] = []
    for await (const event of store.readStream(snapshotStream(accountId))) kept.push(event.data)
    assert.equal(kept.length, 1)
    assert.ok(JSON.stringify(kept[0]).length <= 256 * 1024)
  })

  it('change no answer: the same with snapshots, with a segment lost, and with all of them deleted', async () => {
    const first = await answers()
    assert.deepEqual(first.said.slice(0, 5), ['repeated@6', 'duplicate_cl_ord_id', first.said[2], first.said[3], 'duplicate_cl_ord_id'])
    assert.deepEqual(first.said.slice(5), ['too_late_to_cancel', 'order', 'not_found'])
    const client = EventStoreDBClient.connectionString(await eventStoreUrl())
    await client.deleteStream(segmentStream(accountId, 0))
    const second = await answers()
    assert.equal(second.state.sealed.size, 0, 'the snapshot itself is still used')
    assert.deepEqual(second.said, first.said)
    await client.deleteStream(snapshotStream(accountId))
    const third = await answers()
    assert.equal(third.state.sealed.size, 1, 'folded in full')
    assert.deepEqual(third.said, first.said)
    await client.dispose()
  })

  it('of another log are not used', async () => {
    const { handler } = writeSide(store, 'another-log')
    const state = await handler.load(accountId)
    assert.equal(state.sealed.size, 1, 'folded in full')
    await handler.close()
  })
})
