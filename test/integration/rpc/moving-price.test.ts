import assert from 'node:assert/strict'
import { Keypair } from '@solana/web3.js'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { createJupiterVenue } from '../../../src/rpc/venue/jupiter.ts'
import type { SwapRequest } from '../../../src/rpc/venue/venue.ts'
import { solana, venueUrl } from '../../support/services.ts'

const SOL = 'So11111111111111111111111111111111111111112'
const USDC = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'

describe('a swap built while the price moves', function () {
  this.timeout(60_000)

  it('is never called beyond a limit that its quote keeps', async function () {
    if (process.env.SOLANA_RPC_URLS) this.skip()
    const venue = createJupiterVenue({ url: await venueUrl(), apiKey: undefined, registry: createRegistry('test') })
    const rpc = (await solana()).urls[0]!
    const setPrice = (price: string) =>
      fetch(rpc, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'quantbot_setPoolPrice', params: [{ symbol: 'SOL/USDC', price }] }),
      })
    const taker = Keypair.generate().publicKey.toBase58()
    const payer = Keypair.generate().publicKey.toBase58()
    const buy: SwapRequest = { mode: 'exact_out', inputMint: USDC, outputMint: SOL, amount: 1_000_000_000n, taker }
    let moving = true
    const mover = (async () => {
      for (let i = 0; moving; i++) await setPrice(i % 2 === 0 ? '150' : '150.6')
    })()
    try {
      // 3 % above the dearer price, which the price never leaves
      const limit = 155_500_000n
      for (let i = 0; i < 100; i++) {
        const built = await venue.build(buy, { limit, payer })
        assert.ok(built.ok, !built.ok ? `${i}: ${built.error.kind} ${built.error.detail}` : '')
        assert.ok(built.value.threshold <= limit)
      }
    } finally {
      moving = false
      await mover
      await setPrice('150')
      await venue.close()
    }
  })
})
