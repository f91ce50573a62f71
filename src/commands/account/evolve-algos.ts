import type { AccountEvent } from '../../events/account/account-event.ts'
import { parseOrderId } from '../../events/streams.ts'
import { type AlgoState, algoCommandId, openAlgo } from '../algo/algo-state.ts'
import { rememberClosed } from './known-ids.ts'
import type { AccountState } from './state.ts'

type AlgoEvent = Extract<AccountEvent, { type: `Algo${string}` }>

/** The account after an event of an algo's own. */
export const evolveAlgo = (state: AccountState, event: AlgoEvent, revision: bigint): AccountState => {
  const { algoId } = event.data
  if (event.type === 'AlgoStarted') return { ...state, algos: state.algos.set(algoId, openAlgo(event.data, revision)) }
  const algo = state.algos.get(algoId)
  if (!algo) return state
  switch (event.type) {
    case 'AlgoPaused':
      return put(state, { ...algo, status: 'Paused', pausedAt: event.data.at })
    case 'AlgoResumed': {
      const pausedMs = algo.pausedMs + event.data.at - (algo.pausedAt ?? event.data.at)
      return put(state, { ...algo, status: 'Running', pausedAt: null, pausedMs })
    }
    case 'AlgoCancelRequested':
      return put(state, { ...algo, status: 'Canceling', text: event.data.text })
    case 'AlgoSliceSkipped':
      return put(state, { ...algo, next: event.data.slice + 1 })
    case 'AlgoEnded':
      return {
        ...rememberClosed(state, algoCommandId(algoId), algo.termsHash, algo.startedRevision),
        algos: state.algos.delete(algoId),
      }
    default:
      return event satisfies never
  }
}

/** What an event of a slice's order means to its algo. Applied with `before`, where the order still is. */
export const evolveSlice = (before: AccountState, after: AccountState, event: AccountEvent): AccountState => {
  switch (event.type) {
    case 'OrderAccepted':
    case 'OrderRejected': {
      const place = event.data.algo
      const algo = place && after.algos.get(place.algoId)
      if (!place || !algo) return after
      const childEnd = event.type === 'OrderRejected' ? 'Rejected' : null
      return put(after, { ...algo, next: place.slice + 1, child: event.data.number, childEnd })
    }
    case 'OrderCanceled':
    case 'OrderExpired':
      return ofSlice(before, after, event.data.orderId, (algo, number) =>
        algo.child === number ? { ...algo, childEnd: event.type === 'OrderCanceled' ? 'Canceled' : 'Expired' } : algo,
      )
    case 'TradeBooked':
      return ofSlice(before, after, event.data.orderId, (algo) => ({ ...algo, executed: algo.executed + BigInt(event.data.lastQty) }))
    case 'TradeCanceled':
      return ofSlice(before, after, event.data.orderId, (algo) => ({ ...algo, executed: algo.executed - BigInt(event.data.busted.qty) }))
    default:
      return after
  }
}

const ofSlice = (
  before: AccountState,
  after: AccountState,
  orderId: string,
  change: (algo: AlgoState, number: number) => AlgoState,
): AccountState => {
  if (after.algos.size === 0) return after
  const number = parseOrderId(orderId)?.number ?? 0
  const algo = after.algos.get(before.orders.get(number)?.algo?.algoId ?? '')
  return algo ? put(after, change(algo, number)) : after
}

const put = (state: AccountState, algo: AlgoState): AccountState => ({ ...state, algos: state.algos.set(algo.algoId, algo) })
