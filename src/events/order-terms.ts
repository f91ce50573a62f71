import type { AlgoSlice, ListPlace, TrailingOffset } from './fields.ts'

/** Terms that most orders leave as in PLAIN. */
export interface RareTerms {
  /** Canonical decimal; null for types without one, and in the request of a trailing stop, whose first one comes from the market. */
  readonly stopPrice: string | null
  readonly trailingOffset: TrailingOffset | null
  /** Deadline of a GTD or Day order, ms since the epoch; in the request of a Day order still null. */
  readonly expireAt: number | null
  readonly strategyId: string | null
  readonly reduceOnly: boolean
  readonly postOnly: boolean
  readonly list: ListPlace | null
  readonly algo: AlgoSlice | null
}

/** The rare terms of an order that exists, and what a replace has made of its ClOrdID. */
export interface RareFacts extends RareTerms {
  /** ClOrdID of the last accepted replace; null for an order that was never replaced. */
  readonly lastClOrdId: string | null
}

export const PLAIN: RareTerms = {
  stopPrice: null,
  trailingOffset: null,
  expireAt: null,
  strategyId: null,
  reduceOnly: false,
  postOnly: false,
  list: null,
  algo: null,
}

/** The rare terms of whatever has them, in one fixed order of fields. */
export const rareTermsOf = (o: RareTerms): RareTerms => ({
  stopPrice: o.stopPrice,
  trailingOffset: o.trailingOffset,
  expireAt: o.expireAt,
  strategyId: o.strategyId,
  reduceOnly: o.reduceOnly,
  postOnly: o.postOnly,
  list: o.list,
  algo: o.algo,
})

/** None of the rare terms is given. */
export const isPlain = (o: RareTerms): boolean =>
  o.stopPrice === null &&
  o.trailingOffset === null &&
  o.expireAt === null &&
  o.strategyId === null &&
  !o.reduceOnly &&
  !o.postOnly &&
  o.list === null &&
  o.algo === null

/** The rare terms as an order's document shows them: those that are given. */
export const rareDocument = (o: RareFacts) => ({
  ...(o.lastClOrdId !== null ? { lastClOrdId: o.lastClOrdId } : {}),
  ...(o.stopPrice !== null ? { stopPrice: o.stopPrice } : {}),
  ...(o.trailingOffset?.kind === 'price' ? { trailingOffset: o.trailingOffset.value } : {}),
  ...(o.trailingOffset?.kind === 'bps' ? { trailingOffsetBps: o.trailingOffset.value } : {}),
  ...(o.expireAt !== null ? { expireTime: new Date(o.expireAt).toISOString() } : {}),
  ...(o.reduceOnly ? { reduceOnly: true } : {}),
  ...(o.postOnly ? { postOnly: true } : {}),
  ...(o.strategyId !== null ? { strategyId: o.strategyId } : {}),
  ...(o.list !== null ? { listId: o.list.listId, leg: o.list.leg } : {}),
  ...(o.algo !== null ? { algoId: o.algo.algoId, slice: o.algo.slice } : {}),
})
