import { evolve } from '../../commands/account/evolve.ts'
import type { AccountState } from '../../commands/account/state.ts'
import { isExit, mostBase } from '../../commands/limits/exits.ts'
import type { DataOf } from '../../events/account/account-event.ts'
import { decodeAccountEvent } from '../../events/decode.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import type { Violations } from './violations.ts'

/** What a strategy that is not Live must not do: place or sign anything but exits of its own position. */
export interface StrategyCheck {
  /** One append; the account as it was before, where it is one to an account's stream. */
  noted(events: readonly RecordedEvent[], before: AccountState | undefined): void
}

/**
 * A process that stood still, or whose append had no answer, says late what it decided in time. No fault of the simulation holds anything
 * up for longer than this.
 */
const LATE_MS = 15_000

export const createStrategyCheck = (now: () => number, violations: Violations): StrategyCheck => {
  /** Since when strategies have not been Live. */
  const resting = new Map<string, number>()
  const longAgo = (strategyId: string | null): strategyId is string =>
    strategyId !== null && now() - (resting.get(strategyId) ?? Number.POSITIVE_INFINITY) > LATE_MS
  const wrong = (what: string, strategyId: string): void => violations.add('other', `${what} of ${strategyId}, which is not Live`)

  const accepted = (before: AccountState, data: DataOf<'OrderAccepted'>): void => {
    const { side, instrument, strategyId, orderQty, reserved } = data
    if (!longAgo(strategyId)) return
    const most = orderQty ?? (side === 'sell' ? reserved.amount : null)
    const { symbol, baseDecimals } = instrument
    const exit = { number: 0, symbol, side, baseDecimals, strategyId, most: most === null ? null : BigInt(most) }
    if (!isExit(before, exit)) wrong(`${data.orderId} was accepted: no exit`, strategyId)
  }
  const signed = (before: AccountState, { ref }: DataOf<'TransactionSigned'>): void => {
    const order = before.orders.get(Number(ref))
    if (!order || !longAgo(order.strategyId)) return
    const { number, side, strategyId, instrument } = order
    const exit = { number, side, strategyId, symbol: instrument.symbol, baseDecimals: instrument.baseDecimals, most: mostBase(order) }
    if (!isExit(before, exit)) wrong(`${order.orderId} was signed: no exit`, strategyId)
  }
  const note = ({ type, data }: RecordedEvent, before: AccountState | undefined): void => {
    switch (type) {
      case 'StrategyDefined':
      case 'StrategyStateSet': {
        const { strategyId, state } = data as { readonly strategyId: string; readonly state?: string }
        if (state === 'Live') resting.delete(strategyId)
        else if (!resting.has(strategyId)) resting.set(strategyId, now())
        break
      }
      case 'OrderAccepted':
        if (before) accepted(before, data as DataOf<'OrderAccepted'>)
        break
      case 'TransactionSigned':
        if (before) signed(before, data as DataOf<'TransactionSigned'>)
        break
      default:
    }
  }
  return {
    noted: (events, before) => {
      let state = before
      for (const event of events) {
        note(event, state)
        // several commands may have been decided for one append, each on what the one before it left
        state = state && evolve(state, decodeAccountEvent(event), event.revision)
      }
    },
  }
}
