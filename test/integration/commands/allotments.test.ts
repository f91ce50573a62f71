import assert from 'node:assert/strict'
import { createDesk } from '../../../src/commands/allotment/desk.ts'
import { withAllotments } from '../../../src/commands/allotment/with-allotments.ts'
import type { AccountHandler } from '../../../src/commands/handler/account-handler.ts'
import { createAccountHandler } from '../../../src/commands/handler/create-handler.ts'
import { decodeEvent } from '../../../src/events/decode.ts'
import { evolveLimit, type LimitState, NO_LIMIT } from '../../../src/events/limit-book.ts'
import { LimitRules } from '../../../src/events/limit-rules.ts'
import { referenceEvent } from '../../../src/events/log-identity.ts'
import { followRules } from '../../../src/events/rules.ts'
import { limitStream } from '../../../src/events/scope.ts'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { parseAccountStream, strategyStream } from '../../../src/events/streams.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { eventStoreUrl } from '../../support/services.ts'
import { limit, place, sol } from '../../unit/commands/account-story.ts'
import { describeOutcome, log, newAccountId, openFunded, openStore, run, writeSide } from './write-side.ts'

const HANDLERS = 3
const ACCOUNTS = 8
const MOST = 24
const ONE = 10n ** 12n

describe('a limit wider than an account, under a burst over several processes', function () {
  this.timeout(90_000)
  const strategyId = `s-${newAccountId().slice(2, 10)}`
  const scope = `strategy:${strategyId}`
  const accounts = Array.from({ length: ACCOUNTS }, newAccountId)
  const stop = new AbortController()
  const handlers: AccountHandler[] = []
  let store: EventStore

  /** Open orders of the strategy over all accounts, and what the limit has out, at every position of the log since. */
  const history = async (from: bigint): Promise<{ most: number; mostGranted: bigint; state: LimitState; open: number }> => {
    const open = new Set<string>()
    let [most, mostGranted] = [0, 0n]
    let state = NO_LIMIT
    for await (const recorded of store.readAll({ commit: from, prepare: from })) {
      const ours = accounts.includes(parseAccountStream(recorded.streamId)?.accountId ?? '')
      if (!ours && recorded.streamId !== limitStream(scope)) continue
      const event = decodeEvent(recorded)
      if (event.type === 'OrderAccepted') open.add(event.data.orderId)
      if (event.type === 'OrderCanceled') open.delete(event.data.orderId)
      if (event.type === 'LimitSet' || event.type === 'LimitGranted' || event.type === 'LimitReturned')
        state = evolveLimit(state, event, { streamId: recorded.streamId, revision: recorded.revision.toString() })
      const granted = state.outstanding.get('openOrders') ?? 0n
      if (granted > mostGranted) mostGranted = granted
      most = Math.max(most, open.size)
    }
    return { most, mostGranted, state, open: open.size }
  }
  const order = (clOrdId: string) => place(limit({ clOrdId, orderQty: sol(0.01), price: '1', strategyId }), '1', 'unprobed')
  const burst = (round: string, of: readonly string[], each: number) =>
    Promise.all(
      of.flatMap((accountId, a) => Array.from({ length: each }, (_, i) => ask(handlers[(a + i) % HANDLERS]!, accountId, `${round}-${i}`))),
    )
  /** As a client does that is told to come again: its shares went to others of the burst, that often in a row. */
  const ask = async (handler: AccountHandler, accountId: string, clOrdId: string): ReturnType<typeof run> => {
    for (;;) {
      const executed = await run(handler, accountId, order(clOrdId), `o-${clOrdId}`)
      if (describeOutcome(executed) !== 'needs_shares') return executed
    }
  }

  before(async () => {
    store = await openStore(await eventStoreUrl())
    const funding = writeSide(store).handler
    await Promise.all(accounts.map((accountId) => openFunded(funding, accountId)))
    await funding.close()
    await store.append(limitStream(scope), 'no_stream', [
      referenceEvent(`set-${scope}`, 'LimitSet', { scope, rules: LimitRules.parse({ openOrders: MOST }), by: 'k', at: 1 }, 'k', 1),
    ])
    const version = { strategyId, version: 1, configHash: '', by: 'k', at: 1 }
    await store.append(strategyStream(strategyId), 'no_stream', [
      referenceEvent(`define-${scope}`, 'StrategyDefined', { ...version, config: {} }, 'k', 1),
      referenceEvent(`live-${scope}`, 'StrategyStateSet', { ...version, state: 'Live' }, 'k', 1),
    ])
    for (let i = 0; i < HANDLERS; i++) {
      const rules = await followRules({ store, clock: systemClock, ids: systemIds, log, signal: stop.signal })
      const deps = { store, clock: systemClock, ids: systemIds, log, registry: createRegistry(`h-${i}`), logId: 'test-log', rules }
      const plain = createAccountHandler(deps)
      handlers.push(withAllotments(plain, createDesk({ ...deps, handler: plain })))
    }
  })
  after(async () => {
    stop.abort()
    await Promise.all(handlers.map((handler) => handler.close()))
    await store?.close()
  })

  it('is never breached, is used up to the last order, and says why it refuses', async () => {
    const from = (await store.head()).commit
    const answers = await burst('first', accounts, 6)
    const accepted = answers.filter((each) => describeOutcome(each) === 'order')
    const refused = answers.filter((each) => describeOutcome(each) === 'limit_breached')
    assert.equal(accepted.length + refused.length, answers.length, JSON.stringify([...new Set(answers.map(describeOutcome))]))
    assert.equal(accepted.length, MOST)
    const { most, mostGranted } = await history(from)
    assert.equal(most, MOST)
    assert.ok(mostGranted <= BigInt(MOST) * ONE)
    const [why] = refused.map((each) => each.kind === 'answered' && each.answer.kind === 'refused' && each.answer.refusal.extra?.why)
    assert.deepEqual(why, {
      rule: 'open_orders',
      scope,
      limit: String(MOST),
      value: (why as { value: string }).value,
      setBy: { streamId: limitStream(scope), revision: '0' },
    })
  })
  it('is not stranded: what one half gives up by cancelling, the other half gets', async () => {
    const state = async (accountId: string) => handlers[0]!.load(accountId, { fresh: true })
    const from = 0n
    for (const accountId of accounts)
      for (const number of (await state(accountId)).orders.keys())
        await run(handlers[0]!, accountId, { type: 'CancelOrder', number }, `c-${number}`)
    const takers = accounts.slice(0, 2)
    const answers = await burst('second', takers, MOST / 2)
    // two that come at once may each be refused what the other holds for a moment; whoever comes later gets it
    let accepted = answers.filter((each) => describeOutcome(each) === 'order').length
    for (let i = 0; accepted < MOST && i < MOST; i++) {
      await systemClock.sleep(300)
      if (describeOutcome(await run(handlers[i % HANDLERS]!, takers[i % 2]!, order(`late-${i}`), `o-late-${i}`)) === 'order') accepted++
    }
    assert.equal(accepted, MOST)
    assert.ok((await history(from)).mostGranted <= BigInt(MOST) * ONE)
  })
})
