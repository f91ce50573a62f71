import { createHash } from 'node:crypto'
import { type Map as ImmutableMap, OrderedMap } from 'immutable'

/** Transfers that came unasked and are booked, by token account (the wallet's own address for native SOL). */
export type Unrequested = ImmutableMap<string, BookedTransfers>

export interface BookedTransfers {
  /** Everything up to this slot is booked or was never one: a token account's transfers are booked in the order of their slots. */
  readonly floor: number
  /** Slot by hash of the signature, above the floor. */
  readonly newest: OrderedMap<string, number>
}

/** Signatures remembered one by one. A scan of the chain from its beginning, should its cursor be lost, is told by the floor. */
const KEPT = 100

export const unrequestedDepositId = (signature: string): string =>
  `chain-${createHash('sha256').update(signature, 'utf8').digest('hex').slice(0, 32)}`
/** Ids that only an unrequested transfer may have. */
export const isUnrequestedId = (depositId: string): boolean => /^chain-[0-9a-f]{32}(-\d+)?$/.test(depositId)

const NONE: BookedTransfers = { floor: -1, newest: OrderedMap() }

/** Whether the transfer (signature, token account) is booked. */
export const isTransferBooked = (all: Unrequested, tokenAccount: string, signature: string, slot: number): boolean => {
  const { floor, newest } = all.get(tokenAccount) ?? NONE
  return slot <= floor || newest.has(hashOf(signature))
}

/** How many token accounts of the wallet this signature is booked for. */
export const timesBooked = (all: Unrequested, signature: string): number => {
  const hash = hashOf(signature)
  return all.count(({ newest }) => newest.has(hash))
}

/** Remembers the transfer. Whole slots are forgotten at once: of one that is half remembered nothing could be told. */
export const rememberTransfer = (all: Unrequested, tokenAccount: string, signature: string, slot: number): Unrequested => {
  const { floor, newest } = all.get(tokenAccount) ?? NONE
  const grown = newest.set(hashOf(signature), slot)
  const oldest = grown.size > KEPT ? (grown.min() ?? floor) : floor
  return oldest === floor || oldest >= slot
    ? all.set(tokenAccount, { floor, newest: grown })
    : all.set(tokenAccount, { floor: oldest, newest: grown.filter((each) => each > oldest) })
}

/** 96 bits are enough to tell a hundred signatures apart. */
const hashOf = (signature: string): string => createHash('sha256').update(signature, 'utf8').digest('base64url').slice(0, 16)
