import type { AccountEvent, DataOf } from '../events/account/account-event.ts'
import { addTrade, FLAT, type Holding } from '../projections/read-models/average-cost.ts'

/** What an account holds of a symbol by trading, at average cost. */
export interface FoldedPosition extends Holding {
  readonly symbol: string
  readonly baseDecimals: number
  readonly quoteDecimals: number
}

type Trade = DataOf<'TradeBooked'> | DataOf<'TradeOverfilled'>

/** Collects the positions of an account from its trades, those beyond their order too; a busted one was never made. */
export const foldPositions = () => {
  const trades = new Map<string, Trade[]>()
  return {
    apply: (event: AccountEvent): void => {
      if (event.type === 'TradeBooked' || event.type === 'TradeOverfilled') {
        const made = trades.get(event.data.symbol)
        // a copy for each trade would take a long history its square
        if (made) made.push(event.data)
        else trades.set(event.data.symbol, [event.data])
      } else if (event.type === 'TradeCanceled') {
        const { symbol, execRefId } = event.data
        trades.set(
          symbol,
          (trades.get(symbol) ?? []).filter(({ execId }) => execId !== execRefId),
        )
      }
    },
    /** By symbol. */
    all: (): readonly FoldedPosition[] =>
      [...trades].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([symbol, made]) => (made.length === 0 ? [] : [positionOf(symbol, made)])),
  }
}

const positionOf = (symbol: string, made: readonly Trade[]): FoldedPosition => {
  const { baseDecimals, quoteDecimals } = made[0]!
  const held = made.reduce<Holding>(
    (holding, { side, lastQty, lastQuote }) => addTrade(holding, side, BigInt(lastQty), BigInt(lastQuote)),
    FLAT,
  )
  return { symbol, ...held, baseDecimals, quoteDecimals }
}
