import { wireKeys } from '../../rpc/wire-keys.ts'
import { LANES, type Lane } from './lane.ts'

/** What waits to be sent: by lane, many at once, but in order where one account's transactions write the same chain accounts. */
export interface Outbox {
  push(item: Outgoing): void
  drop(signature: string): void
  size(): Readonly<Record<Lane, number>>
  /** Nothing is sent any more. */
  close(): void
}

export interface Outgoing {
  readonly signature: string
  readonly accountId: string
  readonly lane: Lane
  readonly wire: Uint8Array
  /** Sends; settles when every way has answered. */
  readonly send: () => Promise<void>
}

/** As many as the endpoints take well; the next in line are chosen when one is through, not before. */
const AT_ONCE = 64

interface Queued extends Outgoing {
  /** Chain accounts that it writes, without the fee payer, which all write. */
  readonly writes: ReadonlySet<string>
}

export const createOutbox = (atOnce = AT_ONCE): Outbox => {
  /** What waits or runs, by signature and by trading account; of one account in the order it came. */
  const waiting = new Map<string, Queued>()
  const ofAccount = new Map<string, Set<Queued>>()
  /** What may go now, in the order it became so. */
  const ready: Readonly<Record<Lane, Set<Queued>>> = { cancel: new Set(), close: new Set(), open: new Set() }
  let running = 0
  let closed = false

  /** Between accounts there is no order to keep: what they write in common is a market's. */
  const isBlocked = (item: Queued, before: Iterable<Queued>): boolean => {
    for (const other of before) {
      if (other === item) return false
      for (const key of item.writes) if (other.writes.has(key)) return true
    }
    return false
  }

  /** It is sent, or need not be: those of its account that it held back may go. */
  const gone = (item: Queued): void => {
    const siblings = ofAccount.get(item.accountId)
    siblings?.delete(item)
    if (!siblings || siblings.size === 0) return void ofAccount.delete(item.accountId)
    for (const each of siblings) {
      if (waiting.has(each.signature) && !ready[each.lane].has(each) && !isBlocked(each, siblings)) ready[each.lane].add(each)
    }
  }

  const fill = (): void => {
    while (!closed && running < atOnce) {
      const lane = LANES.find((each) => ready[each].size > 0)
      const next = lane && ready[lane].values().next().value
      if (!lane || !next) return
      ready[lane].delete(next)
      waiting.delete(next.signature)
      running++
      const done = () => {
        running--
        gone(next)
        fill()
      }
      next.send().then(done, done)
    }
  }

  return {
    push: (item) => {
      if (closed || waiting.has(item.signature)) return
      const queued: Queued = { ...item, writes: writesOf(item.wire) }
      const siblings = ofAccount.get(item.accountId) ?? new Set()
      waiting.set(item.signature, queued)
      ofAccount.set(item.accountId, siblings.add(queued))
      if (!isBlocked(queued, siblings)) ready[item.lane].add(queued)
      fill()
    },
    drop: (signature) => {
      const item = waiting.get(signature)
      if (!item) return
      waiting.delete(signature)
      ready[item.lane].delete(item)
      gone(item)
      fill()
    },
    size: () => {
      const sizes = { cancel: 0, close: 0, open: 0 }
      for (const { lane } of waiting.values()) sizes[lane]++
      return sizes
    },
    close: () => {
      closed = true
      waiting.clear()
      ofAccount.clear()
    },
  }
}

const FEE_PAYER = 0

/** Accounts from lookup tables are not named in the bytes; they are the venue's, never a trader's. */
const writesOf = (wire: Uint8Array): ReadonlySet<string> => {
  const keys = wireKeys(wire)
  const writes = new Set<string>()
  for (let i = FEE_PAYER + 1; i < keys.count; i++) {
    const key = keys.at(i)
    // Compared only: the bytes as text, base58 of each would cost more than all the rest.
    if (key && keys.isWritable(i)) writes.add(Buffer.from(key).toString('latin1'))
  }
  return writes
}
