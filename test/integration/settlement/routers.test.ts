import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { bestOf } from '../../../src/rpc/venue/best-of.ts'
import { createJupiterVenue } from '../../../src/rpc/venue/jupiter.ts'
import { createRfqVenue } from '../../../src/rpc/venue/rfq.ts'
import type { SwapRequest, SwapVenue } from '../../../src/rpc/venue/venue.ts'
import { venueUrl } from '../../support/services.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n
const SOL_MINT = 'So11111111111111111111111111111111111111112'
const USDC_MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'

describe('routers', function () {
  this.timeout(90_000)
  let stand: Stand
  let jupiter: SwapVenue
  let rfq: SwapVenue
  let url: string
  const closers: (() => void | Promise<void>)[] = []

  before(async () => {
    stand = await openStand()
    url = await venueUrl()
    jupiter = createJupiterVenue({ url: await exactInOnly(url), apiKey: undefined, registry: createRegistry('test') })
    rfq = createRfqVenue({ url, registry: createRegistry('test') })
    closers.push(jupiter.close, rfq.close)
    // The maker fetches its first stock when it is first asked.
    await until(async () => (await rfq.quote(buy(SOL))).ok)
  })
  after(async () => {
    for (const close of closers) await close()
    await stand.close()
  })

  /** The local venue as Jupiter is: it knows no exact outputs and takes every amount for an input. */
  const exactInOnly = async (upstream: string): Promise<string> => {
    const server = createServer(async (request, response) => {
      const asked = new URL(request.url ?? '/', upstream)
      asked.searchParams.delete('swapMode')
      const answer = await fetch(asked)
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const someone = '11111111111111111111111111111112'
  const buy = (amount: bigint): SwapRequest => ({ mode: 'exact_out', inputMint: USDC_MINT, outputMint: SOL_MINT, amount, taker: someone })
  const ledgerIsChain = async (accountId: string): Promise<void> => {
    const [state, chain] = [await stand.state(accountId), await stand.chainBalances(accountId)]
    assert.deepEqual([settled(state, 'SOL'), settled(state, 'USDC')], [chain.SOL, chain.USDC])
  }

  it('quotes an exact output where there are only exact inputs, a little above it', async () => {
    const quoted = await jupiter.quote(buy(7n * SOL))
    assert.ok(quoted.ok, quoted.ok ? '' : quoted.error.detail)
    const { inAmount, outAmount } = quoted.value
    assert.ok(outAmount >= 7n * SOL && outAmount <= (7n * SOL * 1_001n) / 1_000n, `${outAmount}`)
    assert.ok(inAmount > 1_050n * USDC && inAmount < 1_060n * USDC, `${inAmount}`)
    const none = await jupiter.build(buy(7n * SOL), { limit: inAmount - 5n * USDC, payer: someone })
    assert.deepEqual([none.ok, !none.ok && none.error.kind], [false, 'beyond_limit'])
  })

  it('fills a buy by quantity there: the quantity is the fill, what came beyond it is surplus', async () => {
    const worker = await stand.startWorker((deps) => ({ ...deps, venue: jupiter }))
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const number = await stand.place(accountId, { orderQty: 2n * SOL })
    const end = await stand.ended(accountId, number)
    assert.ok(end.type === 'TradeBooked', JSON.stringify(end))
    assert.equal(end.data.lastQty, String(2n * SOL))
    const surplus = (await stand.events(accountId)).flatMap((event) =>
      event.type === 'FundsSurplusCredited' ? [BigInt(event.data.surplus.amount)] : [],
    )
    assert.equal(surplus.length, 1)
    assert.ok(surplus[0]! > 0n && surplus[0]! < SOL / 100n, `${surplus[0]}`)
    assert.equal(settled(await stand.state(accountId), 'SOL'), 2n * SOL + surplus[0]!)
    await ledgerIsChain(accountId)
    await worker.close()
  })

  it('fills by delivery versus payment where the maker is better, and at the pool where it does not quote', async () => {
    const registry = createRegistry('best')
    const amm = createJupiterVenue({ url, apiKey: undefined, registry })
    const venue = bestOf(
      [
        { name: 'amm', venue: amm },
        { name: 'rfq', venue: rfq },
      ],
      registry,
    )
    closers.push(amm.close)
    const worker = await stand.startWorker((deps) => ({ ...deps, venue }))
    const accountId = await stand.openAccount({ USDC: 30_000n * USDC })
    const small = await stand.place(accountId, { orderQty: SOL })
    assert.equal((await stand.ended(accountId, small)).type, 'TradeBooked')
    const sold = await stand.place(accountId, { side: 'sell', orderQty: SOL / 2n })
    assert.equal((await stand.ended(accountId, sold)).type, 'TradeBooked')
    // More than the maker takes on.
    const large = await stand.place(accountId, { orderQty: 60n * SOL, maxSlippageBps: 300 })
    assert.equal((await stand.ended(accountId, large)).type, 'TradeBooked')
    const routed = await registry.getSingleMetric('quantbot_venue_routed_total')!.get()
    const by = Object.fromEntries(routed.values.map(({ labels, value }) => [labels.venue, value]))
    assert.deepEqual(by, { rfq: 2, amm: 1 })
    await ledgerIsChain(accountId)
    await worker.close()
  })

  it('goes to the pool when the maker quotes and does not sign', async () => {
    const registry = createRegistry('best')
    const amm = createJupiterVenue({ url, apiKey: undefined, registry })
    const server = createServer(async (request, response) => {
      if (request.method === 'POST') return void response.writeHead(400).end('{"errorCode":"PRICE_MOVED"}')
      const answer = await fetch(new URL(request.url ?? '/', url))
      response.writeHead(answer.status).end(await answer.text())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const fickle = createRfqVenue({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, registry })
    closers.push(amm.close, fickle.close, () => void server.close())
    const worker = await stand.startWorker((deps) => ({
      ...deps,
      venue: bestOf(
        [
          { name: 'amm', venue: amm },
          { name: 'rfq', venue: fickle },
        ],
        registry,
      ),
    }))
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const end = await stand.ended(accountId, await stand.place(accountId, { orderQty: SOL }))
    assert.equal(end.type, 'TradeBooked')
    await ledgerIsChain(accountId)
    await worker.close()
  })

  it('signs nothing that a venue built to take more than was agreed', async () => {
    const worker = await stand.startWorker((deps) => ({
      ...deps,
      venue: {
        ...deps.venue,
        // Builds the swap twice into one transaction: twice the input, twice the output.
        build: async (request, terms) => {
          const built = await deps.venue.build(request, terms)
          if (!built.ok) return built
          const swap = built.value.instructions.at(-1)!
          return { ok: true, value: { ...built.value, instructions: [...built.value.instructions, swap] } }
        },
      },
    }))
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const end = await stand.ended(accountId, await stand.place(accountId, { orderQty: SOL }))
    assert.ok(end.type === 'OrderCanceled' && end.data.text === 'EXECUTION_FAILED', JSON.stringify(end))
    const swaps = (await stand.events(accountId)).filter((event) => event.type === 'TransactionSigned' && event.data.purpose === 'swap')
    assert.equal(swaps.length, 0)
    await ledgerIsChain(accountId)
    await worker.close()
  })
})
