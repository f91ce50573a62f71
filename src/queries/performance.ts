import { formatUnits, parseUnits } from '../platform/decimal.ts'
import { addTrade, FLAT, type Holding } from '../projections/read-models/average-cost.ts'
import { valueAt } from './marks.ts'

/** A trade that stands, as executed. */
export interface Traded {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** Base and quote units. */
  readonly qty: bigint
  readonly quote: bigint
  /** Ms. */
  readonly at: bigint
  readonly baseDecimals: number
  readonly quoteDecimals: number
}

export const DAY_MS = 86_400_000
/** Crypto trades every day: daily figures are made yearly by the root of this. */
const DAYS_A_YEAR = 365
/** An equity curve is told for so many days, ten years. */
const MOST_DAYS = 3_650

/** Prices at the ends of days: symbol → day (ms of its start) → price scaled by 10^12. */
export type Closes = ReadonlyMap<string, ReadonlyMap<number, bigint>>

/**
 * What trades in one quote asset made of a capital, day by day: what was realised at average cost, and what was open at the day's last price
 * (at cost where there is none: `unmarked` names those symbols). Without a capital it is the most that the positions ever cost, so a return
 * is one on the money that was at work. Ratios are floats: they are statistics, not money.
 */
export const performanceOf = (trades: readonly Traded[], closes: Closes, until: number, given: bigint | undefined) => {
  const held = new Map<string, Holding & Pick<Traded, 'baseDecimals' | 'quoteDecimals'>>()
  const marks = new Map<string, bigint>()
  const unmarked = new Set<string>()
  const days: { readonly day: number; readonly profit: bigint }[] = []
  let [closings, wins, deployed, next] = [0, 0, 0n, 0]
  const decimals = trades[0]?.quoteDecimals ?? 0
  const begin = dayOf(Number(trades[0]?.at ?? until))
  for (let day = Math.max(begin, dayOf(until) - (MOST_DAYS - 1) * DAY_MS); day <= until; day += DAY_MS) {
    for (; next < trades.length && Number(trades[next]!.at) < day + DAY_MS; next++) {
      const { symbol, side, qty, quote, baseDecimals, quoteDecimals } = trades[next]!
      const before: Holding = held.get(symbol) ?? FLAT
      const after = addTrade(before, side, qty, quote)
      held.set(symbol, { ...after, baseDecimals, quoteDecimals })
      const closes = before.qty !== 0n && before.qty > 0n !== (side === 'buy')
      if (closes) closings++
      if (closes && after.realized > before.realized) wins++
      const cost = [...held.values()].reduce((sum, one) => sum + (one.cost < 0n ? -one.cost : one.cost), 0n)
      if (cost > deployed) deployed = cost
    }
    let profit = 0n
    for (const [symbol, one] of held) {
      const close = closes.get(symbol)?.get(day) ?? marks.get(symbol)
      if (close !== undefined) marks.set(symbol, close)
      else if (one.qty !== 0n) unmarked.add(symbol)
      profit += one.realized + (close === undefined ? 0n : valueAt({ price: close }, one.qty, one) - one.cost)
    }
    days.push({ day, profit })
  }
  const capital = given ?? deployed
  const figures = ratiosOf(
    days.map(({ profit }) => Number(profit)),
    Number(capital),
  )
  return {
    capital: formatUnits(capital, decimals),
    profit: formatUnits(days.at(-1)?.profit ?? 0n, decimals),
    trades: trades.length,
    closings,
    hitRate: closings === 0 ? null : ratio(wins / closings),
    ...figures,
    ...(unmarked.size > 0 ? { unmarked: [...unmarked] } : {}),
    equity: days.map(({ day, profit }) => ({
      date: new Date(day).toISOString().slice(0, 10),
      equity: formatUnits(capital + profit, decimals),
    })),
  }
}

/** Trades by the quote asset they were paid in, each in the order given. */
export const byQuoteAsset = (trades: readonly Traded[]): ReadonlyMap<string, readonly Traded[]> => {
  const byQuote = new Map<string, Traded[]>()
  for (const trade of trades) {
    const asset = trade.symbol.split('/').at(-1)!
    const own = byQuote.get(asset)
    if (own) own.push(trade)
    else byQuote.set(asset, [trade])
  }
  return byQuote
}

const dayOf = (at: number): number => at - (at % DAY_MS)

const ratio = (value: number): string | null => (Number.isFinite(value) ? value.toFixed(6) : null)

/** Why a capital can't be one in every quote asset that was traded in. */
export interface CapitalFault {
  readonly reason: string
}

/** The capital in base units of each quote asset. One of them can't hold it: a fault, since to count without it would answer another question. */
export const capitalsOf = (capital: string, assets: ReadonlyMap<string, readonly Traded[]>): ReadonlyMap<string, bigint> | CapitalFault => {
  const units = new Map<string, bigint>()
  for (const [asset, [first]] of assets) {
    const decimals = first?.quoteDecimals ?? 0
    const parsed = parseUnits(capital, decimals)
    if (parsed === undefined) return { reason: `must have at most ${decimals} decimals, as ${asset} has` }
    units.set(asset, parsed)
  }
  return units
}

/** Null where a figure has no meaning: no capital, fewer than two days, or no deviation at all. */
const ratiosOf = (profits: readonly number[], capital: number) => {
  if (capital <= 0) return { totalReturn: null, sharpe: null, sortino: null, maxDrawdown: null }
  const equity = profits.map((profit) => capital + profit)
  const returns = equity.map((now, n) => now / (equity[n - 1] ?? capital) - 1)
  const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length
  const deviation = Math.sqrt(returns.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (returns.length - 1))
  const downside = Math.sqrt(returns.reduce((sum, one) => sum + Math.min(one, 0) ** 2, 0) / returns.length)
  let peak = capital
  let drawdown = 0
  for (const now of equity) {
    peak = Math.max(peak, now)
    drawdown = Math.max(drawdown, (peak - now) / peak)
  }
  const yearly = Math.sqrt(DAYS_A_YEAR)
  return {
    totalReturn: ratio((equity.at(-1) ?? capital) / capital - 1),
    sharpe: returns.length < 2 ? null : ratio((mean / deviation) * yearly),
    sortino: returns.length < 2 ? null : ratio((mean / downside) * yearly),
    maxDrawdown: ratio(drawdown),
  }
}
