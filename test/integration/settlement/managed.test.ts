import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { createJupiterVenue } from '../../../src/rpc/venue/jupiter.ts'
import type { SettlementDeps } from '../../../src/settlement/deps.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n

/** What stands between the product and the local venue for one path; undefined: let it through. */
type Meddle = (request: IncomingMessage, response: ServerResponse, upstream: (url: URL) => Promise<Response>) => Promise<boolean>

describe('swaps that the venue lands', function () {
  this.timeout(120_000)
  let stand: Stand
  const closers: (() => unknown)[] = []
  before(async () => {
    stand = await openStand()
  })
  after(async () => {
    for (const close of closers) await close()
    await stand.close()
  })
  beforeEach(() => stand.setPrice('SOL/USDC', '150'))

  /** A relay to the local venue that meddles; paths that were asked are counted. */
  const relay = async (meddle: Meddle, { delayMs = 0 } = {}) => {
    const asked: string[] = []
    const upstream = (url: URL) => fetch(url)
    const server = createServer(async (request, response) => {
      const url = new URL(request.url ?? '/', stand.places.venue)
      asked.push(url.pathname)
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      if (await meddle(request, response, upstream)) return
      const body = Buffer.concat(chunks)
      const sent = request.method === 'POST' ? { method: 'POST', body, headers: { 'content-type': 'application/json' } } : {}
      const answer = await fetch(url, sent).catch(() => undefined)
      if (url.pathname === '/swap/v2/execute') await sleep(delayMs)
      if (response.destroyed) return
      response.writeHead(answer?.status ?? 502, { 'content-type': 'application/json' }).end(await answer?.text())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(
      () => server.closeAllConnections(),
      () => server.close(),
    )
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
  }
  const managed = (url: string, executeTimeoutMs = 5_000, change: Partial<SettlementDeps['chain']> = {}) => {
    const venue = createJupiterVenue({ url, apiKey: undefined, registry: createRegistry('managed'), executeTimeoutMs })
    closers.push(venue.close)
    return (deps: SettlementDeps): SettlementDeps => ({ ...deps, venue, execution: 'managed', chain: { ...deps.chain, ...change } })
  }
  const sendsNothing = { send: async () => ({ accepted: [], failures: [] }) }
  const swapsOf = async (accountId: string) =>
    (await stand.events(accountId)).flatMap((event) =>
      event.type === 'TransactionSigned' && event.data.purpose === 'swap' ? [event.data] : [],
    )
  const funded = async () => {
    const worker = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    await worker.close()
    return accountId
  }
  const filledOnce = async (accountId: string, number: number): Promise<void> => {
    const end = await stand.ended(accountId, number, 60)
    assert.equal(end.type, 'TradeBooked', JSON.stringify(end))
    const [state, chain] = [await stand.state(accountId), await stand.chainBalances(accountId)]
    assert.deepEqual([settled(state, 'SOL'), chain.SOL], [SOL, SOL])
    assert.equal(settled(state, 'USDC'), chain.USDC)
  }

  it('are signed and on record before the venue is asked to land them, and are sent by it alone', async () => {
    const onRecord: number[] = []
    let accountId = ''
    const venue = await relay(async (request) => {
      if (request.url === '/swap/v2/execute') onRecord.push((await swapsOf(accountId)).length)
      return false
    })
    accountId = await funded()
    const worker = await stand.startWorker(managed(venue.url, 5_000, sendsNothing))
    await filledOnce(accountId, await stand.place(accountId, { orderQty: SOL }))
    const [swap] = await swapsOf(accountId)
    assert.ok(swap?.venueRequestId)
    assert.deepEqual(onRecord.slice(0, 1), [1])
    assert.ok(venue.asked.includes('/swap/v2/order') && !venue.asked.includes('/swap/v2/build'))
    await worker.close()
  })

  it('are unknown when the venue does not answer in time, polled by our own signature, and booked once', async () => {
    // It lands the transaction and takes its time to say so.
    const silent = await relay(async () => false, { delayMs: 2_000 })
    const accountId = await funded()
    let cut = true
    const worker = await stand.startWorker((deps) => {
      return managed(silent.url, 300, {
        ...sendsNothing,
        // The chain shows nothing for a while: the venue's silence is all there is.
        statuses: async (signatures, options) => {
          const answer = await deps.chain.statuses(signatures, options)
          if (!answer.ok || !cut) return answer
          return { ok: true, value: { ...answer.value, states: answer.value.states.map(() => null) } }
        },
      })(deps)
    })
    const number = await stand.place(accountId, { orderQty: SOL })
    const unknown = await until(async () => (await stand.events(accountId)).find(({ type }) => type === 'TransactionOutcomeUnknown'))
    assert.match(unknown.type === 'TransactionOutcomeUnknown' ? unknown.data.reason : '', /the venue does not tell/)
    await sleep(500)
    assert.equal((await stand.events(accountId)).filter(({ type }) => type === 'TransactionOutcomeUnknown').length, 1)
    cut = false
    await filledOnce(accountId, number)
    assert.equal((await swapsOf(accountId)).length, 1)
    await worker.close()
  })

  it('are landed by ourselves when the venue takes the order and does nothing', async () => {
    const idle = await relay(async (request, response) => {
      if (request.url !== '/swap/v2/execute') return false
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"Failed","code":-1000,"error":"not landed"}')
      return true
    })
    const accountId = await funded()
    const worker = await stand.startWorker(managed(idle.url))
    await filledOnce(accountId, await stand.place(accountId, { orderQty: SOL }))
    assert.equal((await swapsOf(accountId)).length, 1)
    await worker.close()
  })

  it('are executed once though the worker dies between the record and the venue', async () => {
    const venue = await relay(async () => false)
    const dead = await relay(async (request, response) => {
      if (request.url !== '/swap/v2/execute') return false
      response.destroy()
      return true
    })
    const accountId = await funded()
    const first = await stand.startWorker(managed(dead.url, 5_000, sendsNothing))
    const number = await stand.place(accountId, { orderQty: SOL })
    await until(async () => (await swapsOf(accountId)).length > 0)
    await first.close()
    const second = await stand.startWorker(managed(venue.url, 5_000, sendsNothing))
    await filledOnce(accountId, number)
    assert.equal((await swapsOf(accountId)).length, 1)
    await second.close()
  })

  it('are refused when somebody else pays, or they do what was not asked: then we land the swap ourselves', async () => {
    const foreign = await relay(async (request, response, upstream) => {
      const url = new URL(request.url ?? '/', stand.places.venue)
      if (url.pathname !== '/swap/v2/order') return false
      // As Jupiter does by itself: the taker pays.
      url.searchParams.delete('payer')
      const answer = await upstream(url)
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
      return true
    })
    const greedy = await relay(async (request, response, upstream) => {
      const url = new URL(request.url ?? '/', stand.places.venue)
      if (url.pathname !== '/swap/v2/order') return false
      // Builds a swap of twice the size and says that it is the one asked for.
      const told = (await (await upstream(url)).json()) as object
      url.searchParams.set('amount', String(BigInt(url.searchParams.get('amount')!) * 2n))
      url.searchParams.set('slippageBps', '500')
      const { transaction } = (await (await upstream(url)).json()) as { transaction: string }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...told, transaction }))
      return true
    })
    for (const venue of [foreign, greedy]) {
      const accountId = await funded()
      const worker = await stand.startWorker(managed(venue.url))
      await filledOnce(accountId, await stand.place(accountId, { orderQty: SOL }))
      const [swap, ...more] = await swapsOf(accountId)
      assert.equal(more.length, 0)
      assert.equal(swap?.venueRequestId, undefined)
      assert.ok(venue.asked.includes('/swap/v2/build') && !venue.asked.includes('/swap/v2/execute'))
      await worker.close()
    }
  })
})
