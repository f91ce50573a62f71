import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import { orderIdOf, parseOrderId } from '../../events/streams.ts'
import { execIdOf } from '../order/outcome.ts'
import { applyEffect, effectOf, reverse, scaled, type Traded } from './holding.ts'
import { holdingKey, type RiskState, type Subject, type TradeEffect } from './risk-state.ts'

/** The account's fold before the event. */
type Before = Pick<Subject, 'risk' | 'accountId' | 'orders'>

/** Holdings, pace and shares after one event. */
export const evolveRisk = ({ risk, accountId = '', orders }: Before, event: AccountEvent): RiskState => {
  switch (event.type) {
    case 'TradeBooked':
      return bookTrade(risk, event.data, orders.get(parseOrderId(event.data.orderId)?.number ?? 0)?.strategyId ?? null)
    case 'TradeCanceled':
      return bustTrade(risk, event.data)
    case 'TransactionsFinalized': {
      const final = event.data.transactions.map((t) => execIdOf(orderIdOf(accountId, Number(t.ref)), t.attempt, t.generation))
      return final.some((execId) => risk.effects.has(execId))
        ? { ...risk, effects: final.reduce((next, execId) => next.delete(execId), risk.effects) }
        : risk
    }
    default:
      return risk
  }
}

const bookTrade = (risk: RiskState, data: DataOf<'TradeBooked'>, strategyId: string | null): RiskState => {
  const { symbol, quote } = data
  const traded: Traded = {
    ...{ side: data.side, quote, at: data.at },
    base: scaled(BigInt(data.lastQty), data.baseDecimals),
    paid: scaled(BigInt(data.lastQuote), data.quoteDecimals),
  }
  const account = effectOf(risk.holdings.get(holdingKey(symbol, null)), traded)
  const strategy = strategyId === null ? null : { strategyId, effect: effectOf(risk.holdings.get(holdingKey(symbol, strategyId)), traded) }
  return { ...apply(risk, symbol, quote, { account, strategy }), effects: risk.effects.set(data.execId, { account, strategy }) }
}

const bustTrade = (risk: RiskState, { execRefId, symbol, quote }: DataOf<'TradeCanceled'>): RiskState => {
  const effect = risk.effects.get(execRefId)
  if (!effect) return risk
  const { account, strategy } = effect
  const undone = { account: reverse(account), strategy: strategy && { ...strategy, effect: reverse(strategy.effect) } }
  return { ...apply(risk, symbol, quote, undone), effects: risk.effects.delete(execRefId) }
}

const apply = (risk: RiskState, symbol: string, quote: string, { account, strategy }: TradeEffect): RiskState => {
  const changes = [{ strategyId: null, effect: account }, ...(strategy ? [strategy] : [])]
  const holdings = changes.reduce((next, { strategyId, effect }) => {
    const key = holdingKey(symbol, strategyId)
    return next.set(key, applyEffect(next.get(key), effect, quote))
  }, risk.holdings)
  return { ...risk, holdings }
}
