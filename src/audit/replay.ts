import { evolve } from '../commands/account/evolve.ts'
import { type AccountState, EMPTY_ACCOUNT } from '../commands/account/state.ts'
import type { AccountEvent } from '../events/account/account-event.ts'
import { decodeAccountEvent } from '../events/decode.ts'
import type { InstrumentBook } from '../events/instruments.ts'
import type { EventStore, RecordedEvent } from '../events/store/event-store.ts'
import { accountStream } from '../events/streams.ts'
import { formatUnits } from '../platform/decimal.ts'
import { changedOrder, type FoldedOrder, foldOrder } from './order-fold.ts'

/** An account as its events tell it, up to a cut. */
export interface Replay {
  readonly state: AccountState
  /** Newest first; those of the window alone. */
  readonly orders: readonly FoldedOrder[]
  /** True when the window left out older orders. */
  readonly olderOrders: boolean
  /** The last event folded, and the first one beyond the cut. */
  readonly last: RecordedEvent | undefined
  readonly beyond: RecordedEvent | undefined
  readonly decimals: ReadonlyMap<string, number>
}

export interface ReplayOptions {
  /** False for the first event that is not to be folded; later ones are not looked at. */
  readonly within: (event: RecordedEvent) => boolean
  /** Which orders to keep: the `most` newest with a number below `below`. Bounds the memory of a long account. */
  readonly orders: { readonly below: number; readonly most: number }
  /** Called with every event folded. */
  readonly onEvent?: (event: AccountEvent, recorded: RecordedEvent) => void
  readonly signal?: AbortSignal
}

/** Folds an account's stream with the write side's evolve, event by event. @throws UnreadableEvent; the signal's reason */
export const replayAccount = async (store: EventStore, accountId: string, options: ReplayOptions): Promise<Replay> => {
  const { within, orders: window, onEvent, signal } = options
  const orders = orderWindow(window.below, window.most)
  const decimals = new Map<string, number>()
  let state = EMPTY_ACCOUNT
  let last: RecordedEvent | undefined
  for await (const recorded of store.readStream(accountStream(accountId))) {
    signal?.throwIfAborted()
    if (!within(recorded)) return { state, ...orders.result(), last, beyond: recorded, decimals }
    const event = decodeAccountEvent(recorded)
    state = evolve(state, event, recorded.revision)
    orders.apply(event, recorded.position.commit.toString())
    noteDecimals(event, decimals)
    onEvent?.(event, recorded)
    last = recorded
  }
  return { state, ...orders.result(), last, beyond: undefined, decimals }
}

/** Order numbers only rise, so an order that falls out of the window never comes back into it. */
const orderWindow = (below: number, most: number) => {
  const kept = new Map<string, FoldedOrder>()
  let older = false
  return {
    apply: (event: AccountEvent, position: string): void => {
      const id = changedOrder(event)
      if (id === undefined) return
      const order = foldOrder(kept.get(id), event, position)
      if (!order || order.number >= below) return
      kept.set(id, order)
      if (kept.size <= most) return
      kept.delete(kept.keys().next().value!)
      older = true
    },
    result: () => ({ orders: [...kept.values()].reverse(), olderOrders: older }),
  }
}

/** An asset's decimals as the events state them: a replay does not depend on today's instruments where it need not. */
const noteDecimals = (event: AccountEvent, decimals: Map<string, number>): void => {
  if (event.type === 'FundsDepositRequested') decimals.set(event.data.asset, event.data.decimals)
  else if (event.type === 'OrderAccepted') {
    const { base, baseDecimals, quote, quoteDecimals } = event.data.instrument
    decimals.set(base, baseDecimals).set(quote, quoteDecimals)
  }
}

export interface BalanceDocument {
  readonly asset: string
  readonly settled: string
  readonly reserved: string
  readonly available: string
}

/** The balances of a replay as HTTP answers them, by asset. @throws for an asset whose decimals nothing tells */
export const balanceDocuments = ({ state, decimals }: Replay, instruments: InstrumentBook): readonly BalanceDocument[] =>
  [...state.balances]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([asset, { available, reserved }]) => {
      const places = decimals.get(asset) ?? instruments.byAsset(asset)?.decimals
      if (places === undefined) throw new Error(`the decimals of ${asset} are unknown`)
      const format = (units: bigint): string => formatUnits(units, places)
      return { asset, settled: format(available + reserved), reserved: format(reserved), available: format(available) }
    })
