import type { AccountEvent } from '../events/account/account-event.ts'
import type { RecordedEvent } from '../events/store/event-store.ts'
import { averagePrice, formatPrice, formatUnits } from '../platform/decimal.ts'

/** An execution as HTTP answers it. */
export interface ExecutionDocument {
  readonly execId: string
  readonly orderId: string
  readonly execType: 'Trade' | 'TradeCancel'
  readonly lastQty?: string
  readonly lastPx?: string
  readonly execRefId?: string
  readonly busted?: true
  readonly position: string
}

/** Collects the executions of an account from its events. */
export const foldExecutions = () => {
  const known = new Map<string, ExecutionDocument>()
  return {
    apply: (event: AccountEvent, recorded: RecordedEvent): void => {
      const position = recorded.position.commit.toString()
      if (event.type === 'TradeBooked' || event.type === 'TradeOverfilled') {
        const { execId, orderId, lastQty, lastQuote, baseDecimals, quoteDecimals } = event.data
        known.set(execId, {
          execId,
          orderId,
          execType: 'Trade',
          lastQty: formatUnits(BigInt(lastQty), baseDecimals),
          lastPx: formatPrice(averagePrice(BigInt(lastQuote), BigInt(lastQty), baseDecimals, quoteDecimals)),
          position,
        })
      } else if (event.type === 'TradeCanceled') {
        const { execId, execRefId, orderId } = event.data
        known.set(execId, { execId, orderId, execType: 'TradeCancel', execRefId, position })
        const trade = known.get(execRefId)
        if (trade) known.set(execRefId, { ...trade, busted: true })
      }
    },
    all: (): readonly ExecutionDocument[] => [...known.values()],
  }
}
