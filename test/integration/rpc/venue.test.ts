import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Keypair } from '@solana/web3.js'
import type { Instrument } from '../../../src/events/reference/reference-event.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { parsePrice } from '../../../src/platform/decimal.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { createJupiterVenue } from '../../../src/rpc/venue/jupiter.ts'
import { createQuotes } from '../../../src/rpc/venue/quotes.ts'
import type { SwapRequest, SwapVenue } from '../../../src/rpc/venue/venue.ts'
import { venueUrl } from '../../support/services.ts'

const SOL = { asset: 'SOL', mint: 'So11111111111111111111111111111111111111112', decimals: 9 }
const USDC = { asset: 'USDC', mint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', decimals: 6 }
const instrument: Instrument = {
  symbol: 'SOL/USDC',
  version: 1,
  base: SOL,
  quote: USDC,
  tickSize: '0.0001',
  lotSize: '0.000001',
  status: 'trading',
}
const taker = Keypair.generate().publicKey.toBase58()
const payer = Keypair.generate().publicKey.toBase58()
const buy: SwapRequest = { mode: 'exact_out', inputMint: USDC.mint, outputMint: SOL.mint, amount: 1_500_000_000n, taker }

describe('swap venue in Jupiter’s shape', () => {
  let venue: SwapVenue
  before(async function () {
    this.timeout(60_000)
    venue = createJupiterVenue({ url: await venueUrl(), apiKey: undefined, registry: createRegistry('test') })
  })
  after(() => venue.close())

  it('quotes an exact output and builds it inside the limit, paid by the payer', async () => {
    const quoted = await venue.quote(buy)
    assert.ok(quoted.ok)
    assert.equal(quoted.value.outAmount, buy.amount)
    const limit = (quoted.value.inAmount * 101n) / 100n
    const built = await venue.build(buy, { limit, payer })
    assert.ok(built.ok)
    assert.ok(built.value.threshold <= limit && built.value.threshold > built.value.quote.inAmount)
    const signers = new Set(built.value.instructions.flatMap(({ keys }) => keys.filter((k) => k.isSigner).map((k) => k.pubkey.toBase58())))
    assert.deepEqual([...signers].sort(), [payer, taker].sort())
  })

  it('says when the price is beyond the limit, and when there is no route', async () => {
    const beyond = await venue.build(buy, { limit: 1n, payer })
    assert.deepEqual([beyond.ok, !beyond.ok && beyond.error.kind], [false, 'beyond_limit'])
    const sell: SwapRequest = { mode: 'exact_in', inputMint: SOL.mint, outputMint: USDC.mint, amount: 10n ** 9n, taker }
    const dear = await venue.build(sell, { limit: 10n ** 15n, payer })
    assert.deepEqual([dear.ok, !dear.ok && dear.error.kind], [false, 'beyond_limit'])
    const nowhere = await venue.quote({ ...buy, outputMint: Keypair.generate().publicKey.toBase58() })
    assert.deepEqual([nowhere.ok, !nowhere.ok && nowhere.error.kind], [false, 'no_route'])
  })

  it('gives fresh mids with their source, and probes routes', async () => {
    const log = createLog('test', 'silent')
    const quotes = createQuotes({ venue, instruments: { all: () => [instrument] }, clock: systemClock, log, pollMs: 20 })
    let mid = quotes.mid('SOL/USDC')
    for (let i = 0; !mid && i < 100; i++) {
      await systemClock.sleep(20)
      mid = quotes.mid('SOL/USDC')
    }
    assert.ok(mid && parsePrice(mid.price)! > 0n)
    assert.match(mid.sourceId, /^venue:\d+$/)
    assert.ok(systemClock.now() - mid.time <= 2_000)
    assert.equal(quotes.health().ready, true)
    assert.equal(await quotes.route({ side: 'buy', orderQty: 10n ** 9n, cashOrderQty: null }, instrument), 'available')
    const unknown = { ...instrument, base: { ...SOL, mint: taker } }
    assert.equal(await quotes.route({ side: 'sell', orderQty: 10n ** 9n, cashOrderQty: null }, unknown), 'none')
    await quotes.close()
  })

  it('never gives out a price that is older than two seconds', async () => {
    let now = 1_000_000
    const clock = { now: () => now, sleep: systemClock.sleep }
    const quotes = createQuotes({
      venue,
      instruments: { all: () => [instrument] },
      clock,
      log: createLog('test', 'silent'),
      pollMs: 3_600_000,
    })
    for (let i = 0; !quotes.mid('SOL/USDC') && i < 100; i++) await systemClock.sleep(20)
    assert.ok(quotes.mid('SOL/USDC'))
    now += 2_000
    assert.ok(quotes.mid('SOL/USDC'))
    now += 1
    assert.equal(quotes.mid('SOL/USDC'), undefined)
    assert.equal(quotes.health().ready, false)
    await quotes.close()
  })

  const answers: readonly (readonly [string, number, string, string])[] = [
    ['overload', 429, '{"error":"rate limited"}', 'unavailable'],
    ['a broken server', 502, '<html>', 'unavailable'],
    ['something else than JSON', 200, 'hello', 'unavailable'],
    ['JSON of another shape', 200, '{"inAmount":5}', 'unavailable'],
    ['a wrong key', 401, '{"message":"Unauthorized"}', 'unavailable'],
    ['no route, by code', 400, '{"errorCode":"COULD_NOT_FIND_ANY_ROUTE","error":"Could not find any route"}', 'no_route'],
    ['no route, with 200', 200, '{"error":"No routes found"}', 'no_route'],
  ]
  for (const [name, status, body, kind] of answers) {
    it(`takes ${name} for ${kind}`, async () => {
      const server = createServer((_request, response) => response.writeHead(status).end(body))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const odd = createJupiterVenue({ url, apiKey: 'k', registry: createRegistry('test') })
      const answer = await odd.quote(buy)
      assert.deepEqual([answer.ok, !answer.ok && answer.error.kind], [false, kind])
      await odd.close()
      server.close()
    })
  }

  it('does not trade on an answer to another question', async () => {
    const instruction = { programId: taker, accounts: [], data: '' }
    const answer = {
      ...{ inputMint: USDC.mint, outputMint: SOL.mint, inAmount: '1500000000', outAmount: '9', otherAmountThreshold: '9' },
      ...{ swapMode: 'ExactIn', routePlan: [], computeBudgetInstructions: [], setupInstructions: [], swapInstruction: instruction },
    }
    const server = createServer((_request, response) => response.end(JSON.stringify(answer)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const odd = createJupiterVenue({ url, apiKey: undefined, registry: createRegistry('test') })
    const quoted = await odd.quote(buy)
    assert.match(quoted.ok ? '' : quoted.error.detail, /asked for ExactOut 1500000000, got ExactIn 9/)
    await odd.close()
    server.close()
  })
})
