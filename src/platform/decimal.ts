/** Decimal strings at the edge, bigint base units inside. Canonical form: no exponent, no trailing zeros, zero is "0". */

const PLAIN = /^(0|[1-9]\d*)(?:\.(\d+))?$/

/** Parses a non-negative decimal into base units of `decimals`; undefined when malformed or finer than the asset. Trailing zeros are accepted. */
export const parseUnits = (text: string, decimals: number): bigint | undefined => {
  const match = PLAIN.exec(text)
  if (!match) return undefined
  const fraction = (match[2] ?? '').replace(/0+$/, '')
  if (fraction.length > decimals) return undefined
  return BigInt(match[1] + fraction.padEnd(decimals, '0'))
}

/** Formats base units canonically; `decimals` is the asset's. */
export const formatUnits = (units: bigint, decimals: number): string => {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  const text = fraction === '' ? whole : `${whole}.${fraction}`
  return units < 0n ? `-${text}` : text
}

/** 10^n as bigint. */
export const pow10 = (n: number): bigint => 10n ** BigInt(n)

/** numerator/denominator rounded half-even; the denominator is positive. */
export const divideHalfEven = (numerator: bigint, denominator: bigint): bigint => {
  const negative = numerator < 0n
  const n = negative ? -numerator : numerator
  const quotient = n / denominator
  const twice = (n % denominator) * 2n
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n)
  const rounded = up ? quotient + 1n : quotient
  return negative ? -rounded : rounded
}

/** Division that rounds away from zero for positive operands: what we must hold is never too little. */
export const divideUp = (numerator: bigint, denominator: bigint): bigint => (numerator + denominator - 1n) / denominator

/** Prices are quote per one whole base, scaled by 10^12: finer than any tick we trade. */
export const PRICE_DECIMALS = 12

/** A price in decimal form to its scaled bigint; undefined when malformed. */
export const parsePrice = (text: string): bigint | undefined => parseUnits(text, PRICE_DECIMALS)
export const formatPrice = (price: bigint): string => formatUnits(price, PRICE_DECIMALS)

/** Quote units that `base` units cost at `price`, as an exact fraction {numerator, denominator}: the caller picks the rounding. */
export const quoteFor = (base: bigint, price: bigint, baseDecimals: number, quoteDecimals: number) => ({
  numerator: base * price * pow10(quoteDecimals),
  denominator: pow10(baseDecimals + PRICE_DECIMALS),
})

/** Average price quote/base as a scaled price, half-even at 12 decimals; 0 for no base. */
export const averagePrice = (quote: bigint, base: bigint, baseDecimals: number, quoteDecimals: number): bigint =>
  base === 0n ? 0n : divideHalfEven(quote * pow10(baseDecimals + PRICE_DECIMALS), base * pow10(quoteDecimals))
