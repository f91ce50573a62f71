import assert from 'node:assert/strict'
import { judgeQuote, termsOf } from '../../../src/settlement/bounds.ts'

const instrument = {
  symbol: 'SOL/USDC',
  version: 1,
  base: 'SOL',
  quote: 'USDC',
  baseMint: 'base-mint',
  quoteMint: 'quote-mint',
  baseDecimals: 9,
  quoteDecimals: 6,
}
const SOL = 10n ** 9n
const USDC = 10n ** 6n

const order = (given: Partial<Parameters<typeof termsOf>[0]> = {}): Parameters<typeof termsOf>[0] => ({
  instrument,
  side: 'buy',
  orderQty: 2n * SOL,
  cashOrderQty: null,
  price: null,
  maxSlippageBps: 100,
  cumQty: 0n,
  cumQuote: 0n,
  reserved: { asset: 'USDC', amount: 1_000n * USDC },
  reference: '150',
  ...given,
})

describe('bounds of a swap', () => {
  it('buys a quantity exactly, for at most the reference plus slippage', () => {
    assert.deepEqual(termsOf(order()), {
      mode: 'exact_out',
      amount: 2n * SOL,
      limit: 303n * USDC,
      inputMint: 'quote-mint',
      outputMint: 'base-mint',
      inAsset: 'USDC',
      outAsset: 'SOL',
    })
  })

  it('never pays more than is still reserved', () => {
    assert.equal(termsOf(order({ reserved: { asset: 'USDC', amount: 302n * USDC } }))?.limit, 302n * USDC)
  })

  it('buys what is left of a quantity', () => {
    const terms = termsOf(order({ cumQty: SOL, cumQuote: 150n * USDC }))
    assert.deepEqual([terms?.amount, terms?.limit], [SOL, 151_500_000n])
    assert.equal(termsOf(order({ cumQty: 2n * SOL })), undefined)
  })

  it('takes the limit price as the bound of a limit order, in the trader’s favour to the unit', () => {
    assert.equal(termsOf(order({ price: '149.9999995', reference: null, orderQty: SOL }))?.limit, 149_999_999n)
    const sell = termsOf(
      order({ side: 'sell', price: '149.9999995', reference: null, orderQty: SOL, reserved: { asset: 'SOL', amount: SOL } }),
    )
    assert.deepEqual([sell?.mode, sell?.amount, sell?.limit, sell?.inAsset], ['exact_in', SOL, 150_000_000n, 'SOL'])
  })

  it('spends cash exactly and wants at least what the worst price buys', () => {
    const terms = termsOf(order({ orderQty: null, cashOrderQty: 303n * USDC, reserved: { asset: 'USDC', amount: 303n * USDC } }))
    assert.deepEqual([terms?.mode, terms?.amount, terms?.limit], ['exact_in', 303n * USDC, 2n * SOL])
  })

  it('sells for an exact cash amount, giving at most what is reserved', () => {
    const by = { side: 'sell', orderQty: null, cashOrderQty: 297n * USDC } as const
    const terms = termsOf(order({ ...by, reserved: { asset: 'SOL', amount: 3n * SOL } }))
    assert.deepEqual([terms?.mode, terms?.amount, terms?.limit], ['exact_out', 297n * USDC, 2n * SOL])
    assert.equal(termsOf(order({ ...by, reserved: { asset: 'SOL', amount: SOL } }))?.limit, SOL)
    assert.equal(termsOf(order({ ...by, cumQuote: 200n * USDC, reserved: { asset: 'SOL', amount: SOL } }))?.amount, 97n * USDC)
  })

  it('sells a quantity for at least the reference minus slippage', () => {
    const terms = termsOf(order({ side: 'sell', reserved: { asset: 'SOL', amount: 2n * SOL } }))
    assert.deepEqual([terms?.mode, terms?.amount, terms?.limit], ['exact_in', 2n * SOL, 297n * USDC])
  })

  it('has no terms for a market order without a reference', () => {
    assert.equal(termsOf(order({ reference: null })), undefined)
  })

  it('judges a quote by its own amounts', () => {
    const terms = termsOf(order())!
    assert.deepEqual(judgeQuote(order(), terms, { inAmount: 303n * USDC, outAmount: 2n * SOL }), { within: true, price: '151.5' })
    assert.equal(judgeQuote(order(), terms, { inAmount: 303n * USDC + 1n, outAmount: 2n * SOL }).within, false)
    const sell = order({ side: 'sell', reserved: { asset: 'SOL', amount: 2n * SOL } })
    const bound = termsOf(sell)!
    assert.equal(judgeQuote(sell, bound, { inAmount: 2n * SOL, outAmount: 297n * USDC }).within, true)
    assert.equal(judgeQuote(sell, bound, { inAmount: 2n * SOL, outAmount: 297n * USDC - 1n }).within, false)
  })
})
