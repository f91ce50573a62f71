import { formatUnits } from '../../platform/decimal.ts'
import { type Random, seededRandom } from './random.ts'

/** One order of the demonstration, before its account and price are known. */
export interface PlannedOrder {
  /** Index of the account. */
  readonly account: number
  /** What this order is to show. */
  readonly kind: OrderKind
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly type: 'market' | 'limit'
  readonly timeInForce: 'ioc' | 'fok' | 'gtc'
  readonly quantity?: string
  readonly cashOrderQty?: string
  /** Limit price as a distance from the market when the order is placed, in basis points. */
  readonly priceBps?: number
  readonly maxSlippageBps?: number
  /** The trader cancels it after this long, ms. */
  readonly cancelAfterMs?: number
}

/** Share of each kind, in parts; they add up to 100. */
const SHARES = {
  market: 30,
  cash: 12,
  fillOrKill: 8,
  limitThrough: 10,
  limitBeyond: 6,
  restingNear: 12,
  restingFar: 6,
  cancelled: 6,
  noSlippage: 4,
  tooLarge: 4,
  otherPair: 2,
} as const
export type OrderKind = keyof typeof SHARES

/** Plans the orders: deterministic in its arguments, accounts in turn. */
export const planOrders = ({ orders, accounts, seed }: { readonly orders: number; readonly accounts: number; readonly seed: number }) => {
  const random = seededRandom(seed)
  return Array.from({ length: orders }, (_, i): PlannedOrder => planned(random, i % accounts, kindOf(random)))
}

const kindOf = (random: Random): OrderKind => {
  let left = random.between(1, 100)
  for (const [kind, share] of Object.entries(SHARES)) {
    left -= share
    if (left <= 0) return kind as OrderKind
  }
  return 'market'
}

const planned = (random: Random, account: number, kind: OrderKind): PlannedOrder => {
  const side = random.pick(['buy', 'sell'] as const)
  const common = { account, kind, symbol: 'SOL/USDC', side, type: 'market', timeInForce: 'ioc', maxSlippageBps: 300 } as const
  const limit = { ...common, type: 'limit', quantity: lots(random) } as const
  /** Basis points on the side of the market where the order would trade at once. */
  const through = (bps: number): number => (side === 'buy' ? bps : -bps)
  switch (kind) {
    case 'market':
      return { ...common, quantity: lots(random) }
    case 'cash':
      return { ...common, side: 'buy', cashOrderQty: formatUnits(BigInt(random.between(10_000_000, 400_000_000)), 6) }
    case 'fillOrKill':
      return { ...common, timeInForce: 'fok', quantity: lots(random) }
    case 'limitThrough':
      return { ...limit, timeInForce: random.pick(['ioc', 'fok', 'gtc'] as const), priceBps: through(150) }
    case 'limitBeyond':
      return { ...limit, timeInForce: random.pick(['ioc', 'fok'] as const), priceBps: through(-500) }
    case 'restingNear':
      return { ...limit, timeInForce: 'gtc', priceBps: through(-random.between(2, 25)) }
    case 'restingFar':
      return { ...limit, timeInForce: 'gtc', priceBps: through(-4_000) }
    case 'cancelled':
      return { ...limit, timeInForce: 'gtc', priceBps: through(-3_000), cancelAfterMs: random.between(100, 1_500) }
    case 'noSlippage':
      return { ...common, quantity: lots(random), maxSlippageBps: 0 }
    case 'tooLarge':
      return { ...common, quantity: '1000000' }
    case 'otherPair':
      return { ...common, symbol: 'BONK/USDC', side: 'buy', quantity: String(random.between(10_000, 2_000_000)) }
    default:
      return kind satisfies never
  }
}

/** 0.05 to 3 SOL in lots of a millionth: small beside the pool, large beside a unit. */
const lots = (random: Random): string => formatUnits(BigInt(random.between(50_000, 3_000_000)), 6)
