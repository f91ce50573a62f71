import assert from 'node:assert/strict'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { eventStoreUrl } from '../../support/services.ts'
import { limit, place } from '../../unit/commands/account-story.ts'
import { type AnswerLosingProxy, answerLosingProxy } from './answer-losing-proxy.ts'
import { describeOutcome, eventsOf, foldedFromLog, newAccountId, openFunded, openStore, run, type Side, writeSide } from './write-side.ts'

const cheap = (clOrdId: string) => place(limit({ clOrdId, orderQty: 1_000n, price: '1' }), '1', 'unprobed')
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('an append whose outcome is not told', function () {
  this.timeout(60_000)
  let direct: EventStore
  let proxied: EventStore
  let proxy: AnswerLosingProxy
  let side: Side
  before(async () => {
    const url = await eventStoreUrl()
    direct = await openStore(url)
    proxy = await answerLosingProxy(url)
    proxied = await openStore(proxy.url)
    side = writeSide(proxied)
  })
  after(async () => {
    await side.handler.close()
    await Promise.all([proxied.close(), direct.close()])
    await proxy.close()
  })

  const acceptedIn = async (accountId: string): Promise<string[]> =>
    (await eventsOf(direct, accountId)).filter((e) => e.type === 'OrderAccepted').map((e) => (e.data as { clOrdId: string }).clOrdId)

  it('is asked for again with the same ids until it is definite; nothing is decided meanwhile', async () => {
    const accountId = newAccountId()
    await openFunded(side.handler, accountId)
    proxy.loseAnswers()
    const first = run(side.handler, accountId, cheap('lost'), 'o-lost')
    await sleep(100)
    assert.deepEqual(await acceptedIn(accountId), ['lost'], 'it was written, and nobody was told')
    const second = run(side.handler, accountId, cheap('behind'), 'o-behind')
    await sleep(300)
    assert.deepEqual(await acceptedIn(accountId), ['lost'], 'the mailbox stays closed')
    proxy.heal()
    assert.deepEqual([describeOutcome(await first), describeOutcome(await second)], ['order', 'order'])
    assert.deepEqual(await acceptedIn(accountId), ['lost', 'behind'])
  })

  it('past the deadline is answered with an operation id; what waited behind it is answered unavailable and never appended', async () => {
    const accountId = newAccountId()
    await openFunded(side.handler, accountId)
    const { revision } = await side.handler.load(accountId)
    proxy.loseAnswers()
    const first = run(side.handler, accountId, cheap('lost'), 'o-lost')
    await sleep(50)
    const second = run(side.handler, accountId, cheap('behind'), 'o-behind')
    const [a, b] = await Promise.all([first, second])
    assert.deepEqual(a, { kind: 'unknown', operationId: `${accountId}.${revision}.o-lost` })
    assert.equal(b.kind, 'unavailable')
    proxy.heal()
    const third = await run(side.handler, accountId, cheap('lost'), 'o-lost')
    assert.equal(describeOutcome(third), 'repeated', 'the client asks again and learns that it was placed')
    assert.deepEqual(await acceptedIn(accountId), ['lost'])
  })

  it('loses and doubles nothing when the connection is cut again and again under load', async () => {
    const accounts = [newAccountId(), newAccountId(), newAccountId()]
    for (const accountId of accounts) await openFunded(side.handler, accountId)
    const placed = new Map(accounts.map((accountId) => [accountId, new Set<string>()]))
    const place = async (accountId: string, clOrdId: string): Promise<void> => {
      for (;;) {
        const outcome = describeOutcome(await run(side.handler, accountId, cheap(clOrdId), `o-${clOrdId}`))
        if (outcome === 'order' || outcome === 'repeated') return void placed.get(accountId)!.add(clOrdId)
        assert.ok(outcome === 'unavailable' || outcome === 'unknown', outcome)
        await sleep(20)
      }
    }
    const load = Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        await sleep(i * 10)
        await place(accounts[i % 3]!, `c-${i}`)
      }),
    )
    for (let i = 0; i < 8; i++) {
      await sleep(200)
      proxy.loseAnswers()
      await sleep(60)
      proxy.heal()
    }
    await load
    for (const accountId of accounts) {
      const accepted = await acceptedIn(accountId)
      assert.equal(new Set(accepted).size, accepted.length, 'no order is doubled')
      assert.deepEqual(new Set(accepted), placed.get(accountId), 'every answered order is in the log, and no other')
      const [mine, logged] = [await side.handler.load(accountId), await foldedFromLog(direct, accountId)]
      assert.deepEqual([mine.revision, mine.balances.toJS()], [logged.revision, logged.balances.toJS()])
    }
    assert.match(await side.registry.getSingleMetricAsString('quantbot_account_appends_total'), /outcome="unknown"[^}]*} [1-9]/)
  })
})
