import assert from 'node:assert/strict'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { createLog } from '../../../src/platform/log.ts'
import { migrateToLatest } from '../../../src/platform/migrations.ts'
import { createPool } from '../../../src/platform/postgres.ts'
import type { SettlementDeps } from '../../../src/settlement/deps.ts'
import { postgresCoordination } from '../../../src/settlement/work/coordination.ts'
import { databaseUrls, solana } from '../../support/services.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n

type Type = AccountEvent['type']

describe('settlement across crashes', function () {
  this.timeout(90_000)
  let stand: Stand
  before(async () => {
    stand = await openStand()
  })
  after(() => stand.close())
  beforeEach(() => stand.setPrice('SOL/USDC', '150'))

  const count = async (accountId: string, type: Type): Promise<number> =>
    (await stand.events(accountId)).filter((event) => event.type === type).length
  const seen = (accountId: string, type: Type, times = 1) => until(async () => (await count(accountId, type)) >= times)

  /** An account with funds, made by a worker that is gone again. */
  const funded = async (): Promise<string> => {
    const worker = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    await worker.close()
    return accountId
  }
  /** Exactly one swap was signed and booked, and the chain agrees. */
  const executedOnce = async (accountId: string, number: number, signed = 1): Promise<void> => {
    const end = await stand.ended(accountId, number)
    assert.equal(end.type, 'TradeBooked')
    const swaps = (await stand.events(accountId)).filter((event) => event.type === 'TransactionSigned' && event.data.purpose === 'swap')
    assert.equal(swaps.length, signed)
    assert.equal(await count(accountId, 'TradeBooked'), 1)
    const state = await stand.state(accountId)
    assert.equal(settled(state, 'SOL'), SOL)
    assert.equal((await stand.chainBalances(accountId)).SOL, SOL)
    assert.equal(settled(state, 'USDC'), (await stand.chainBalances(accountId)).USDC)
  }
  const withChain = (chain: Partial<SettlementDeps['chain']>) => (deps: SettlementDeps) => ({ ...deps, chain: { ...deps.chain, ...chain } })

  it('sends what a worker signed that died before it sent', async () => {
    const accountId = await funded()
    const first = await stand.startWorker(withChain({ send: async () => ({ accepted: [], failures: [] }) }))
    const number = await stand.place(accountId, { orderQty: SOL })
    await seen(accountId, 'TransactionSigned', 2)
    await first.close()
    const second = await stand.startWorker()
    await executedOnce(accountId, number)
    await second.close()
  })

  it('books what a worker sent that died before it booked', async () => {
    const accountId = await funded()
    let asked = 0
    const away = async () => {
      asked++
      return { ok: false, error: { kind: 'unavailable', detail: 'cut off' } } as const
    }
    const first = await stand.startWorker(withChain({ transaction: away }))
    const number = await stand.place(accountId, { orderQty: SOL })
    await until(async () => asked > 0)
    await first.close()
    assert.equal(await count(accountId, 'TransactionLanded'), 1)
    const second = await stand.startWorker()
    await executedOnce(accountId, number)
    await second.close()
  })

  it('goes on after a signature whose append was not answered', async () => {
    const accountId = await funded()
    const worker = await stand.startWorker((deps) => ({
      ...deps,
      handler: {
        ...deps.handler,
        execute: async (id, command, context) => {
          const executed = await deps.handler.execute(id, command, context)
          return command.type === 'RecordSigned' ? { kind: 'unknown', operationId: 'x' } : executed
        },
      },
    }))
    await executedOnce(accountId, await stand.place(accountId, { orderQty: SOL }))
    await worker.close()
  })

  it('throws the bytes away unsent when the order was cancelled before they were recorded', async () => {
    const accountId = await funded()
    let sent = 0
    const worker = await stand.startWorker((deps) => ({
      ...deps,
      chain: {
        ...deps.chain,
        send: (wire) => {
          sent++
          return deps.chain.send(wire)
        },
      },
      handler: {
        ...deps.handler,
        execute: async (id, command, context) => {
          if (command.type === 'RecordSigned') await stand.command(id, { type: 'CancelOrder', number: Number(command.ref) })
          return deps.handler.execute(id, command, context)
        },
      },
    }))
    const number = await stand.place(accountId, { orderQty: SOL })
    const end = await stand.ended(accountId, number)
    assert.equal(end.type, 'OrderCanceled')
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(sent, 0)
    assert.equal(await count(accountId, 'TransactionSigned'), 1)
    await worker.close()
  })

  it('signs again only after the first signature is proven to have expired', async () => {
    const accountId = await funded()
    const { urls } = await solana()
    const drop = (dropSends: boolean) =>
      Promise.all(
        urls.map((url) =>
          fetch(url, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'quantbot_setEndpoint', params: [{ dropSends }] }),
          }),
        ),
      )
    const worker = await stand.startWorker()
    await drop(true)
    try {
      const number = await stand.place(accountId, { orderQty: SOL })
      await until(async () => count(accountId, 'TransactionExpired'), 60)
      await drop(false)
      await executedOnce(accountId, number, 2)
      const events = await stand.events(accountId)
      const expired = events.find((event) => event.type === 'TransactionExpired')
      assert.ok(expired?.type === 'TransactionExpired' && expired.data.proof.length === 2)
      const order = events.flatMap(({ type, data }) => ('ref' in data && data.ref === String(number) ? [type] : []))
      assert.deepEqual(order.slice(0, 4), ['TransactionSigned', 'TransactionExpired', 'TransactionSigned', 'TransactionLanded'])
    } finally {
      await drop(false)
    }
    await worker.close()
  })

  it('tells an outcome unknown when nobody can prove it, signs nothing meanwhile, and books it when it is known', async () => {
    const accountId = await funded()
    let cut = true
    const worker = await stand.startWorker((deps) => ({
      ...deps,
      chain: {
        ...deps.chain,
        send: async (wire) => (cut ? { accepted: [], failures: [] } : deps.chain.send(wire)),
        finalizedHeight: async () => {
          const answer = await deps.chain.finalizedHeight()
          return answer.ok && cut ? { ok: true, value: { ...answer.value, height: answer.value.height + 1_000 } } : answer
        },
        finalizedHeights: async () => (await deps.chain.finalizedHeights()).map((h) => (cut ? { ...h, height: h.height + 1_000 } : h)),
        statusAt: async (endpoint, signature) =>
          cut ? { ok: false, error: { kind: 'unavailable', detail: 'cut off' } } : deps.chain.statusAt(endpoint, signature),
      },
    }))
    const number = await stand.place(accountId, { orderQty: SOL })
    await seen(accountId, 'TransactionOutcomeUnknown')
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.equal(await count(accountId, 'TransactionOutcomeUnknown'), 1)
    cut = false
    await executedOnce(accountId, number)
    await worker.close()
  })

  it('takes back a trade that vanished from the chain, and books it anew when the same bytes land', async () => {
    const accountId = await funded()
    let hidden: string | undefined
    const worker = await stand.startWorker((deps) => ({
      ...deps,
      chain: {
        ...deps.chain,
        statuses: async (signatures, options) => {
          const answer = await deps.chain.statuses(signatures, options)
          if (!answer.ok) return answer
          return {
            ok: true,
            value: { ...answer.value, states: answer.value.states.map((state, i) => (signatures[i] === hidden ? null : state)) },
          }
        },
        statusAt: async (endpoint, signature) => {
          const answer = await deps.chain.statusAt(endpoint, signature)
          return answer.ok && signature === hidden ? { ok: true, value: { ...answer.value, state: null } } : answer
        },
      },
    }))
    const number = await stand.place(accountId, { orderQty: SOL })
    const traded = await stand.ended(accountId, number)
    assert.ok(traded.type === 'TradeBooked')
    hidden = traded.data.signature
    await seen(accountId, 'TransactionVanished')
    assert.equal(await count(accountId, 'TradeCanceled'), 1)
    assert.equal(settled(await stand.state(accountId), 'SOL'), 0n)
    hidden = undefined
    await seen(accountId, 'TradeBooked', 2)
    const generations = (await stand.events(accountId)).flatMap((event) => (event.type === 'TradeBooked' ? [event.data.execId] : []))
    assert.deepEqual(generations, [`${accountId}.${number}.1.1`, `${accountId}.${number}.1.2`])
    assert.equal(settled(await stand.state(accountId), 'SOL'), SOL)
    await worker.close()
  })

  it('finds open work again when its index is lost', async () => {
    const accountId = await funded()
    const number = await stand.place(accountId, { orderQty: SOL })
    await stand.pool.query('TRUNCATE settlement_work, settlement_checkpoints')
    const worker = await stand.startWorker()
    await executedOnce(accountId, number)
    await worker.close()
  })

  it('executes once with two workers that both believe to own the account', async () => {
    const [other] = await databaseUrls(1)
    const log = createLog('test', 'silent')
    await migrateToLatest(other!, log)
    const pool = createPool(other!, { name: 'other', log })
    const accountId = await funded()
    const workers = [
      await stand.startWorker(),
      await stand.startWorker((deps) => ({ ...deps, coordination: postgresCoordination({ ...deps, pool, owner: 'other' }) })),
    ]
    const numbers: number[] = []
    for (let i = 0; i < 5; i++) numbers.push(await stand.place(accountId, { orderQty: SOL / 5n }))
    for (const number of numbers) assert.equal((await stand.ended(accountId, number)).type, 'TradeBooked')
    assert.equal(await count(accountId, 'TradeBooked'), 5)
    const state = await stand.state(accountId)
    assert.deepEqual([settled(state, 'SOL'), (await stand.chainBalances(accountId)).SOL], [SOL, SOL])
    for (const worker of workers) await worker.close()
    await pool.end()
  })

  it('goes on after kill -9 of the event store', async () => {
    const worker = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const number = await stand.place(accountId, { orderQty: SOL })
    process.kill(stand.eventStorePid(), 'SIGKILL')
    await executedOnce(accountId, number)
    await worker.close()
  })
})
