import { VersionedTransaction } from '@solana/web3.js'
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
  readonly number: number
  /** Chain accounts that it writes, without the fee payer, which all write. */
  readonly writes: ReadonlySet<string>
}

export const createOutbox = (atOnce = AT_ONCE): Outbox => {
  let waiting: Queued[] = []
  const running = new Set<Queued>()
  let count = 0
  let closed = false

  /** Between accounts there is no order to keep: what they write in common is a market's. */
  const clash = (a: Queued, b: Queued): boolean => a.accountId === b.accountId && [...a.writes].some((key) => b.writes.has(key))
  const ready = (item: Queued): boolean =>
    ![...running].some((other) => clash(item, other)) && !waiting.some((other) => other.number < item.number && clash(item, other))

  const fill = (): void => {
    while (!closed && running.size < atOnce) {
      const next = LANES.flatMap((lane) => waiting.filter((item) => item.lane === lane)).find(ready)
      if (!next) return
      waiting = waiting.filter((item) => item !== next)
      running.add(next)
      const done = () => {
        running.delete(next)
        fill()
      }
      next.send().then(done, done)
    }
  }

  return {
    push: (item) => {
      if (closed || waiting.some(({ signature }) => signature === item.signature)) return
      waiting.push({ ...item, number: count++, writes: writesOf(item.wire) })
      fill()
    },
    drop: (signature) => {
      waiting = waiting.filter((item) => item.signature !== signature)
      fill()
    },
    size: () => {
      const sizes = { cancel: 0, close: 0, open: 0 }
      for (const { lane } of waiting) sizes[lane]++
      return sizes
    },
    close: () => {
      closed = true
      waiting = []
    },
  }
}

const FEE_PAYER = 0

/** Accounts from lookup tables are not named in the bytes; they are the venue's, never a trader's. */
const writesOf = (wire: Uint8Array): ReadonlySet<string> => {
  const { message } = VersionedTransaction.deserialize(wire)
  return new Set(message.staticAccountKeys.flatMap((key, i) => (i !== FEE_PAYER && message.isAccountWritable(i) ? [key.toBase58()] : [])))
}
