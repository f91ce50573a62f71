import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import { accountScope, strategyScope } from '../../events/scope.ts'
import { accountStream, orderIdOf, parseOrderId } from '../../events/streams.ts'
import { parsePrice } from '../../platform/decimal.ts'
import { execIdOf } from '../order/outcome.ts'
import { applyEffect, effectOf, reverse, scaled, type Traded } from './holding.ts'
import { holdingKey, type Pace, type RiskState, type Subject, shareKey, type TradeEffect } from './risk-state.ts'

/** The account's fold before the event. */
type Before = Pick<Subject, 'risk' | 'accountId' | 'orders'>

/** Holdings, pace and shares after one event. */
export const evolveRisk = ({ risk, accountId = '', orders }: Before, event: AccountEvent, revision: bigint): RiskState => {
  switch (event.type) {
    case 'TradeBooked':
      return bookTrade(risk, event.data, orders.get(parseOrderId(event.data.orderId)?.number ?? 0)?.strategyId ?? null)
    // final when it is booked: nothing to remember for a bust
    case 'TradeOverfilled': {
      const booked = bookTrade(risk, event.data, event.data.strategyId)
      return { ...booked, effects: booked.effects.delete(event.data.execId) }
    }
    case 'TradeCanceled':
      return bustTrade(risk, event.data)
    case 'TransactionsFinalized': {
      const final = event.data.transactions.map((t) => execIdOf(orderIdOf(accountId, Number(t.ref)), t.attempt, t.generation))
      return final.some((execId) => risk.effects.has(execId))
        ? { ...risk, effects: final.reduce((next, execId) => next.delete(execId), risk.effects) }
        : risk
    }
    case 'OrderAccepted': {
      const { at, instrument, strategyId } = event.data
      return { ...risk, pace: countPlaced(risk.pace, Math.floor(at / 1000), instrument.symbol, strategyId) }
    }
    case 'LimitsSet': {
      const { strategyId, rules } = event.data
      const scope = strategyId === null ? accountScope(accountId) : `${accountScope(accountId)} ${strategyScope(strategyId)}`
      const setBy = { streamId: accountStream(accountId), revision: revision.toString() }
      return { ...risk, limits: risk.limits.set(strategyId ?? '', { scope, rules, setBy }) }
    }
    case 'AllotmentReceived':
    case 'AllotmentReturned': {
      const { scope, key, total } = event.data
      const of = shareKey(scope, key)
      const share = risk.shares.get(of) ?? { received: 0n, returned: 0n }
      const changed = { [event.type === 'AllotmentReceived' ? 'received' : 'returned']: parsePrice(total) ?? 0n }
      return { ...risk, shares: risk.shares.set(of, { ...share, ...changed }) }
    }
    default:
      return risk
  }
}

/** A minute and the second that is not over. */
const PACE_SECONDS = 61

const countPlaced = (pace: readonly Pace[], second: number, symbol: string, strategyId: string | null): readonly Pace[] => {
  const recent =
    pace.length > 0 && pace[0]!.second <= second - PACE_SECONDS ? pace.filter((each) => each.second > second - PACE_SECONDS) : pace
  const last = recent.at(-1)
  if (last?.second === second && last.symbol === symbol && last.strategyId === strategyId)
    return [...recent.slice(0, -1), { ...last, count: last.count + 1 }]
  return [...recent, { second, symbol, strategyId, count: 1 }]
}

const bookTrade = (risk: RiskState, data: DataOf<'TradeBooked'> | DataOf<'TradeOverfilled'>, strategyId: string | null): RiskState => {
  const { symbol, quote } = data
  const traded: Traded = {
    side: data.side,
    quote,
    at: data.at,
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
