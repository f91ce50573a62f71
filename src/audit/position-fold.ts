import type { AccountEvent } from '../events/account/account-event.ts'
import { addTrade, FLAT, type Holding } from '../projections/read-models/average-cost.ts'

/** What an account holds of a symbol by trading, at average cost. */
export interface FoldedPosition extends Holding {
  readonly symbol: string
  readonly baseDecimals: number
  readonly quoteDecimals: number
}

/** Collects the positions of an account from its trades; a busted one was never made. */
export const foldPositions = () => {
  const trades = new Map<string, { execId: string; event: Extract<AccountEvent, { type: 'TradeBooked' }>['data'] }[]>()
  return {
    apply: (event: AccountEvent): void => {
      if (event.type === 'TradeBooked') {
        const { symbol, execId } = event.data
        trades.set(symbol, [...(trades.get(symbol) ?? []), { execId, event: event.data }])
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

const positionOf = (symbol: string, made: readonly { event: Extract<AccountEvent, { type: 'TradeBooked' }>['data'] }[]): FoldedPosition => {
  const { baseDecimals, quoteDecimals } = made[0]!.event
  const held = made.reduce<Holding>(
    (holding, { event: { side, lastQty, lastQuote } }) => addTrade(holding, side, BigInt(lastQty), BigInt(lastQuote)),
    FLAT,
  )
  return { symbol, ...held, baseDecimals, quoteDecimals }
}
