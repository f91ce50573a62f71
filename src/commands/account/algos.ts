import type { AccountEvent } from '../../events/account/account-event.ts'
import { type AlgoState, algoCommandId, algoTermsHash, openAlgo } from '../algo/algo-state.ts'
import { type AlgoStep, nextStep, openSlices } from '../algo/next-step.ts'
import { cancelFor } from '../order/cancel.ts'
import { instrumentTerms, type OrderRequest, placeCommandId, termsHashOf } from '../order/order-request.ts'
import { hasOpenAttempt } from '../transaction/attempt-state.ts'
import { done, ignored, refused, repeated, unknownStrategy } from './answers.ts'
import type { AccountCommand, Decision } from './command.ts'
import { afterEvents } from './evolve.ts'
import { findKnown, isKnown } from './known-ids.ts'
import type { AccountState } from './state.ts'

type AlgoCommand = Extract<AccountCommand, { type: 'StartAlgo' | 'PauseAlgo' | 'ResumeAlgo' | 'CancelAlgo' | 'SkipSlice' | 'EndAlgo' }>

/** Algos an account may have at work: each takes some 400 bytes of a snapshot. */
const MOST_ALGOS = 50

/** Text of an algo that its trader ended, and of the slice that was open then. */
export const ALGO_CANCELED = 'ALGO_CANCELED'

/** What an algo of the account does next. */
export const algoStep = (state: AccountState, algo: AlgoState): AlgoStep =>
  nextStep(algo, state.orders, (clOrdId) => state.openByClOrdId.has(clOrdId) || isKnown(state, placeCommandId(clOrdId)))

/** What the account does about a command for an algo. */
export const decideAlgo = (state: AccountState, command: AlgoCommand, at: number): Decision => {
  if (command.type === 'StartAlgo') return startAlgo(state, command, at)
  const algo = state.algos.get(command.algoId)
  if (!algo)
    return isKnown(state, algoCommandId(command.algoId))
      ? refused('too_late_to_cancel', 'the algo has ended')
      : refused('not_found', 'no such algo')
  switch (command.type) {
    case 'PauseAlgo':
      return algo.status === 'Running' ? changed(state, algo, { type: 'AlgoPaused', data: { algoId: algo.algoId, at } }) : same(algo)
    case 'ResumeAlgo':
      return algo.status === 'Paused' ? changed(state, algo, { type: 'AlgoResumed', data: { algoId: algo.algoId, at } }) : same(algo)
    case 'CancelAlgo':
      return algo.status === 'Canceling' ? same(algo) : changed(state, algo, ...cancelEvents(state, algo, ALGO_CANCELED, at))
    case 'SkipSlice': {
      const step = algoStep(state, algo)
      if (step.kind !== 'skip' || step.slice !== command.slice || at < step.at) return ignored('it is not the time to skip that slice')
      return done({ type: 'AlgoSliceSkipped', data: { algoId: algo.algoId, slice: command.slice, at } })
    }
    case 'EndAlgo': {
      const step = algoStep(state, algo)
      return step.kind === 'end' ? done(ended(algo, step, at)) : ignored('the algo has not come to its end')
    }
    default:
      return command satisfies never
  }
}

/** Why an order that claims to be an algo's slice is not the one that is due; undefined for the one that is, and for other orders. */
export const sliceBlock = (state: AccountState, request: OrderRequest, at: number): string | undefined => {
  if (request.algo === null) return undefined
  const algo = state.algos.get(request.algo.algoId)
  if (!algo) return 'the algo is not at work'
  const step = algoStep(state, algo)
  if (step.kind !== 'slice') return 'no slice is due'
  if (at < step.at) return 'the time of the slice has not come'
  return termsHashOf(step.request) === termsHashOf(request) && step.request.clOrdId === request.clOrdId
    ? undefined
    : 'it is not the slice that is due'
}

/** Ends every algo of the account, with the slices that can end: a switch that ends all orders must not leave one that makes new ones. */
export const cancelAllAlgos = (state: AccountState, text: string, at: number): readonly AccountEvent[] =>
  [...state.algos.values()].flatMap((algo) => (algo.status === 'Canceling' ? [] : [askCancel(algo, text, at)]))

const startAlgo = (
  state: AccountState,
  { request, strategyUnknown }: Extract<AlgoCommand, { type: 'StartAlgo' }>,
  at: number,
): Decision => {
  const { algoId } = request
  const termsHash = algoTermsHash(request)
  const running = state.algos.get(algoId)
  const known = running
    ? running.termsHash === termsHash
      ? { revision: running.startedRevision }
      : 'other_terms'
    : findKnown(state, algoCommandId(algoId), termsHash)
  if (known === 'other_terms') return refused('duplicate_algo_id', `${algoId} was used for an algo with other terms`)
  if (known) return repeated(known.revision)
  if (strategyUnknown) return unknownStrategy(request.strategyId)
  if (state.algos.size >= MOST_ALGOS) return refused('limit_breached', `at most ${MOST_ALGOS} algos at work`)
  const { side, quantity, lotSize, price, maxSlippageBps, strategyId, plan, instrument } = request
  const data = {
    algoId,
    termsHash,
    side,
    quantity: quantity.toString(),
    lotSize: lotSize.toString(),
    price,
    maxSlippageBps,
    strategyId,
    plan,
    instrument: instrumentTerms(instrument),
    at,
  }
  return {
    events: [{ type: 'AlgoStarted', data }],
    answer: { kind: 'algo', algo: openAlgo(data, state.revision + 1n), status: 'Running', first: true },
  }
}

/** Open slices end now, or with their attempts; without any the algo ends in the same append. */
const cancelEvents = (state: AccountState, algo: AlgoState, text: string, at: number): readonly AccountEvent[] => {
  const ends = openSlices(algo, state.orders).map((slice) => cancelFor(slice, hasOpenAttempt(state, String(slice.number)), text, at))
  const events = [askCancel(algo, text, at), ...ends.filter((end) => end !== undefined)]
  const after = afterEvents(state, events)
  const left = after.algos.get(algo.algoId)
  const step = left && algoStep(after, left)
  return left && step?.kind === 'end' ? [...events, ended(left, step, at)] : events
}

const askCancel = ({ algoId }: AlgoState, text: string, at: number): AccountEvent => ({
  type: 'AlgoCancelRequested',
  data: { algoId, text, at },
})

const ended = (
  algo: AlgoState,
  { status, text }: { status: 'Completed' | 'Canceled' | 'Failed'; text: string | null },
  at: number,
): AccountEvent => ({
  type: 'AlgoEnded',
  data: { algoId: algo.algoId, status, text, executed: algo.executed.toString(), at },
})

const changed = (state: AccountState, algo: AlgoState, ...events: readonly AccountEvent[]): Decision => {
  const left = afterEvents(state, events).algos.get(algo.algoId)
  return { events, answer: { kind: 'algo', algo: left ?? algo, status: left?.status ?? 'Canceled', first: false } }
}
const same = (algo: AlgoState): Decision => ({ events: [], answer: { kind: 'algo', algo, status: algo.status, first: false } })
