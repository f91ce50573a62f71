import { createHash } from 'node:crypto'
import type { Map as ImmutableMap } from 'immutable'
import type { DataOf } from '../../events/account/account-event.ts'
import type { AlgoPlan } from '../../events/account/algo-events.ts'
import type { AlgoFacts } from '../../events/algo-document.ts'
import type { InstrumentTerms, Side } from '../../events/fields.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'

/** An algo that has not ended. */
export interface AlgoState {
  readonly algoId: string
  readonly termsHash: string
  readonly side: Side
  /** Base units. */
  readonly quantity: bigint
  readonly lotSize: bigint
  readonly price: string | null
  readonly maxSlippageBps: number
  readonly strategyId: string | null
  readonly plan: AlgoPlan
  readonly instrument: InstrumentTerms
  readonly status: 'Running' | 'Paused' | 'Canceling'
  /** Of a cancel that waits for the last slice. */
  readonly text: string | null
  /** Number of the next slice, from 0. Every slice that was placed, refused or skipped moves it on, in the append that decided it. */
  readonly next: number
  /** Base units that the slices have executed. */
  readonly executed: bigint
  /** Order number of the last slice; null before the first. */
  readonly child: number | null
  /** How the last slice ended, if otherwise than filled. */
  readonly childEnd: string | null
  readonly startedAt: number
  readonly pausedAt: number | null
  /** Time spent in pauses that are over, ms. */
  readonly pausedMs: number
  readonly startedRevision: bigint
}

export interface Algos {
  readonly algos: ImmutableMap<string, AlgoState>
}

/** What a trader asked for, in base units. */
export interface AlgoRequest {
  readonly algoId: string
  readonly side: Side
  readonly quantity: bigint
  readonly lotSize: bigint
  readonly price: string | null
  readonly maxSlippageBps: number
  readonly strategyId: string | null
  readonly plan: AlgoPlan
  readonly instrument: Instrument
}

/** Id of the command that starts an algo: the natural key of the request. */
export const algoCommandId = (algoId: string): string => `a-${algoId}`

/** Client id of a slice's order: the same slice is the same order, whoever places it and however often. */
export const sliceClOrdId = (algoId: string, slice: number): string => `${algoId}-${slice}`

export const algoTermsHash = (r: AlgoRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([r.instrument.symbol, r.side, String(r.quantity), r.price, r.maxSlippageBps, r.strategyId, r.plan]), 'utf8')
    .digest('hex')
    .slice(0, 32)

/** A new algo as its AlgoStarted tells it. */
export const openAlgo = (data: DataOf<'AlgoStarted'>, revision: bigint): AlgoState => {
  const { algoId, termsHash, side, quantity, lotSize, price, maxSlippageBps, strategyId, plan, instrument, at } = data
  return {
    algoId,
    termsHash,
    side,
    quantity: BigInt(quantity),
    lotSize: BigInt(lotSize),
    price,
    maxSlippageBps,
    strategyId,
    plan,
    instrument,
    status: 'Running',
    text: null,
    next: 0,
    executed: 0n,
    child: null,
    childEnd: null,
    startedAt: at,
    pausedAt: null,
    pausedMs: 0,
    startedRevision: revision,
  }
}

/** What the algo's JSON document is built from. */
export const factsOf = (algo: AlgoState, status: AlgoFacts['status'], accountId: string, position: string): AlgoFacts => ({
  ...algo,
  status,
  accountId,
  position,
  symbol: algo.instrument.symbol,
  baseDecimals: algo.instrument.baseDecimals,
  slicesDone: algo.next,
})
