import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'

declare const brand: unique symbol
type Brand<T, Name> = T & { readonly [brand]: Name }

/** `^[A-Za-z0-9_-]{1,48}$`, not `house`. */
export type AccountId = Brand<string, 'AccountId'>
/** `<accountId>.<n>`: n is the account's order number from 1. */
export type OrderId = Brand<string, 'OrderId'>

export const ID_PATTERN = /^[A-Za-z0-9_-]{1,48}$/
/** The ledger account of the platform's own costs; never a stream. */
export const HOUSE = 'house'

/** Slices spread accounts over shards and workers; the number is part of every stream name and never changes. */
export const SLICES = 1024

/** First 10 bits (big-endian) of SHA-256(accountId) as a number 0…1023. */
export const sliceOf = (accountId: string): number => {
  const known = slices.get(accountId)
  if (known !== undefined) return known
  const slice = createHash('sha256').update(accountId, 'utf8').digest().readUInt16BE(0) >> 6
  slices.set(accountId, slice)
  return slice
}

/** The hash costs more than all else that a read from the cache does. */
const slices = new LRUCache<string, number>({ max: 50_000 })

export const sliceName = (slice: number): string => slice.toString(16).padStart(3, '0')

export const accountStream = (accountId: string): string => `account-${sliceName(sliceOf(accountId))}.${accountId}`
export const snapshotStream = (accountId: string): string => `snap-${sliceName(sliceOf(accountId))}.${accountId}`
export const segmentStream = (accountId: string, segment: number): string => `${snapshotStream(accountId)}.${segment}`
export const instrumentStream = (symbol: string): string => `instrument-${symbol}`
export const strategyStream = (strategyId: string): string => `strategy-${strategyId}`
export const keyStream = (keyId: string): string => `key-${keyId}`

export const RECONCILIATION_STREAM = 'reconciliation'
export const LOG_STREAM = 'log'
export const TICK_STREAM = 'tick'
export const SHARD_MAP_STREAM = 'shardmap'

/** The account and slice of an account stream's name; undefined for any other stream. */
export const parseAccountStream = (streamId: string): { readonly accountId: AccountId; readonly slice: number } | undefined => {
  const match = /^account-([0-9a-f]{3})\.([A-Za-z0-9_-]{1,48})$/.exec(streamId)
  return match ? { accountId: match[2] as AccountId, slice: Number.parseInt(match[1]!, 16) } : undefined
}

export const orderIdOf = (accountId: string, number: number): OrderId => `${accountId}.${number}` as OrderId

/** Splits an orderId; undefined when malformed. */
export const parseOrderId = (text: string): { readonly accountId: AccountId; readonly number: number } | undefined => {
  const match = /^([A-Za-z0-9_-]{1,48})\.([1-9]\d{0,14})$/.exec(text)
  return match ? { accountId: match[1] as AccountId, number: Number(match[2]) } : undefined
}

/** Streams that every consumer of account slices needs besides: instruments, the shard map and ticks. */
const REFERENCE_STREAMS = 'instrument-|shardmap$|tick$'

/** Server-side filter on stream names: the account streams of these slices plus the reference streams. */
export const slicesFilter = (slices: readonly number[]): string =>
  slices.length === SLICES
    ? `^(?:account-|${REFERENCE_STREAMS})`
    : `^(?:account-(?:${slices.map(sliceName).join('|')})\\.|${REFERENCE_STREAMS})`
