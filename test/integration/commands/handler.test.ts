import assert from 'node:assert/strict'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { eventStoreUrl } from '../../support/services.ts'
import { limit, place, usdc } from '../../unit/commands/account-story.ts'
import {
  describeOutcome,
  eventsOf,
  foldedFromLog,
  newAccountId,
  openFunded,
  openStore,
  orderOf,
  run,
  type Side,
  writeSide,
} from './write-side.ts'

const cheap = (clOrdId: string) => place(limit({ clOrdId, orderQty: 1_000n, price: '1' }), '1', 'unprobed')

describe('the account handler', function () {
  this.timeout(30_000)
  let store: EventStore
  let side: Side
  before(async () => {
    store = await openStore(await eventStoreUrl())
    side = writeSide(store)
  })
  after(async () => {
    await side.handler.close()
    await store.close()
  })

  it('decides queued commands together and appends them as one batch', async () => {
    const accountId = newAccountId()
    await openFunded(side.handler, accountId)
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => run(side.handler, accountId, cheap(`c-${i}`), `o-c-${i}`)))
    assert.equal(new Set(answers.map((a) => orderOf(a).orderId)).size, 50)
    const events = await eventsOf(store, accountId)
    const accepted = events.filter((e) => e.type === 'OrderAccepted')
    assert.equal(accepted.length, 50)
    // queued in one turn, they share an append, and so the answer's position
    assert.ok(new Set(answers.map((a) => (a.kind === 'answered' ? a.position : 0n))).size <= 2)
    assert.deepEqual(
      events.map((e) => e.revision),
      events.map((_, i) => BigInt(i)),
    )
    assert.deepEqual(Object.keys(accepted[0]!.metadata).sort(), ['$causationId', '$correlationId', 'actor', 'clock', 'commandId', 'schema'])
  })

  it('places an order once when the same request comes twice at the same time', async () => {
    const accountId = newAccountId()
    await openFunded(side.handler, accountId)
    const [a, b] = await Promise.all([run(side.handler, accountId, cheap('c'), 'o-c'), run(side.handler, accountId, cheap('c'), 'o-c')])
    assert.deepEqual([describeOutcome(a!), describeOutcome(b!)], ['order', 'repeated'])
    assert.equal((await eventsOf(store, accountId)).filter((e) => e.type === 'OrderAccepted').length, 1)
  })

  it('lets two processes work on one account: conflicts are decided anew, no order is doubled or lost', async () => {
    const other = writeSide(store)
    const accountId = newAccountId()
    await openFunded(side.handler, accountId)
    const sent: Promise<unknown>[] = []
    for (let i = 0; i < 100; i++) {
      const clOrdId = `c-${i}`
      // every order goes to both, as a client that retries through a balancer does
      for (const { handler } of i % 2 ? [side, other] : [other, side]) sent.push(run(handler, accountId, cheap(clOrdId), `o-${clOrdId}`))
      if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const outcomes = (await Promise.all(sent)).map((each) => describeOutcome(each as Awaited<ReturnType<typeof run>>))
    assert.equal(outcomes.filter((o) => o === 'order').length, 100)
    assert.equal(outcomes.filter((o) => o === 'repeated').length, 100)
    const accepted = (await eventsOf(store, accountId)).filter((e) => e.type === 'OrderAccepted')
    assert.equal(new Set(accepted.map((e) => (e.data as { clOrdId: string }).clOrdId)).size, 100)
    assert.equal(accepted.length, 100)
    const appends = await Promise.all(
      [side, other].map(({ registry }) => registry.getSingleMetricAsString('quantbot_account_appends_total')),
    )
    assert.match(appends.join(), /outcome="conflict"[^}]*} [1-9]/, 'the two really met')
    for (const { handler } of [side, other]) {
      const [mine, logged] = [await handler.load(accountId, { fresh: true }), await foldedFromLog(store, accountId)]
      assert.deepEqual([mine.revision, mine.balances.toJS(), mine.nextOrder], [logged.revision, logged.balances.toJS(), 101])
    }
    await other.handler.close()
  })

  it('does not refuse by a fold that another process has outdated', async () => {
    const other = writeSide(store)
    const accountId = newAccountId()
    assert.equal(describeOutcome(await run(side.handler, accountId, cheap('early'))), 'not_found')
    await openFunded(other.handler, accountId)
    const placed = orderOf(await run(other.handler, accountId, cheap('c'), 'o-c'))
    await side.handler.load(accountId)
    const second = orderOf(await run(other.handler, accountId, cheap('c-2'), 'o-c-2'))
    // this side has never seen the second order
    const canceled = orderOf(await run(side.handler, accountId, { type: 'CancelOrder', number: 2 }))
    assert.deepEqual([placed.orderId, second.orderId, canceled.ordStatus], [`${accountId}.1`, `${accountId}.2`, 'Canceled'])
    assert.equal(describeOutcome(await run(other.handler, accountId, { type: 'CancelOrder', number: 3 })), 'not_found')
    await other.handler.close()
  })

  it('never spends the same funds twice from two processes', async () => {
    const other = writeSide(store)
    const accountId = newAccountId()
    await openFunded(side.handler, accountId, usdc(10))
    await other.handler.load(accountId)
    const big = (clOrdId: string) => place(limit({ clOrdId, orderQty: 1_000_000_000n, price: '6' }), '6', 'unprobed')
    const outcomes = await Promise.all([run(side.handler, accountId, big('a'), 'o-a'), run(other.handler, accountId, big('b'), 'o-b')])
    assert.deepEqual(outcomes.map(describeOutcome).sort(), ['insufficient_funds', 'order'])
    await other.handler.close()
  })

  it('says that nothing was appended when it is closed', async () => {
    const closing = writeSide(store)
    await closing.handler.close()
    assert.equal((await run(closing.handler, newAccountId(), cheap('c'))).kind, 'unavailable')
  })
})
