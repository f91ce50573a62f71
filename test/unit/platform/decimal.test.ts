import assert from 'node:assert/strict'
import fc from 'fast-check'
import { averagePrice, divideHalfEven, divideUp, formatPrice, formatUnits, parsePrice, parseUnits } from '../../../src/platform/decimal.ts'

describe('decimal strings and base units', () => {
  it('formats canonically and parses back, for any amount and asset', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: 0, max: 12 }), (units, decimals) => {
        const text = formatUnits(units, decimals)
        assert.match(text, /^(0|[1-9]\d*)(\.\d*[1-9])?$/)
        assert.equal(parseUnits(text, decimals), units)
        assert.equal(formatUnits(-units, decimals), units === 0n ? '0' : `-${text}`)
      }),
    )
  })

  for (const [text, decimals, units] of [
    ['1.5', 9, 1_500_000_000n],
    ['1.50', 9, 1_500_000_000n],
    ['0', 6, 0n],
    ['1000', 6, 1_000_000_000n],
    ['0.000001', 6, 1n],
  ] as const) {
    it(`reads ${text} with ${decimals} decimals as ${units}`, () => assert.equal(parseUnits(text, decimals), units))
  }

  for (const text of ['', '-1', '+1', '1e3', '1.', '.5', '01', 'NaN', ' 1', '1,5', '0x10', '0.0000001']) {
    it(`refuses ${JSON.stringify(text)} for six decimals`, () => assert.equal(parseUnits(text, 6), undefined))
  }

  it('rounds half to even, also below zero', () => {
    assert.deepEqual(
      [5n, 15n, 25n, -5n, -15n, 14n, 16n].map((n) => divideHalfEven(n, 10n)),
      [0n, 2n, 2n, 0n, -2n, 1n, 2n],
    )
  })

  it('rounds what must be held up', () => assert.deepEqual([divideUp(10n, 5n), divideUp(11n, 5n)], [2n, 3n]))

  it('gives an average price with more than nine decimals where it does not end', () => {
    // 1 USDC for 3 SOL
    assert.equal(formatPrice(averagePrice(1_000_000n, 3_000_000_000n, 9, 6)), '0.333333333333')
    assert.equal(formatPrice(averagePrice(225_750_000n, 1_500_000_000n, 9, 6)), '150.5')
    assert.equal(averagePrice(1n, 0n, 9, 6), 0n)
  })

  it('reads a price to twelve decimals', () => assert.equal(parsePrice('150.25'), 150_250_000_000_000n))
})
