import type { Observable } from 'rxjs'
import { abortWithin } from '../../platform/abort-within.ts'
import type { Clock } from '../../platform/clock.ts'
import type { EventSink } from '../../platform/http/event-stream.ts'
import { earlier, later } from '../shards/shard-cache.ts'
import type { Shard } from '../shards/shards.ts'
import type { Change } from './changes.ts'

export interface FollowOptions {
  readonly changes: Observable<Change>
  /** Where a client that comes back was; undefined for a new one, who is told of what changes from now on. */
  readonly after: bigint | undefined
  /** The shards that the stream is about, by the map in force. */
  readonly shards: () => readonly Pick<Shard, 'map' | 'shard' | 'progress'>[]
  /** Whether a document belongs to the stream. */
  readonly mine: (key: string) => boolean
  /** Documents changed after a position, by the log: key → position. Undefined: too many to tell one by one. */
  readonly changedSince: (after: bigint) => Promise<ReadonlyMap<string, bigint> | undefined>
  /** A document as of the position or later; `none` where there is nothing to tell, undefined when it can't be had now. */
  readonly load: (key: string, position: bigint) => Promise<Loaded | undefined>
  readonly clock: Clock
}

export type Loaded = { readonly event: string; readonly data: unknown } | 'none'

/** Documents that may wait for a client that is being sent others. Each waits once, however often it changes: this bounds what is kept. */
const MOST_WAITING = 1_000
/** Projectors give a sign of life twice a second: after this silence the log is asked instead. */
const SILENCE_MS = 3_000
const ALIVE_MS = 15_000
const RETRY_MS = 500
/** Documents read ahead of what is being sent: a database answers this many in little more than the time of one. */
const AT_A_TIME = 8

/**
 * Sends documents as they change, the newest state of each, until the client goes. The id of what is sent is a position up to which the client
 * has had everything, so that one who comes back with it misses nothing. Gaps in what is told are filled from the log. A client that reads
 * too slowly is told so and dropped.
 */
export const followChanges = async (sink: EventSink, options: FollowOptions): Promise<void> => {
  const { changes, shards, mine, clock } = options
  const waiting = new Map<string, bigint>()
  const chains = new Map<string, bigint>()
  const start =
    options.after ??
    shards()
      .map(({ progress }) => progress.known())
      .reduce(earlier)
  let at = start < 0n ? 0n : start
  let doubt = options.after !== undefined
  let overflown = false
  let heard = clock.now()
  let wake: (() => void) | undefined
  const nameOf = ({ map, shard }: { map: number; shard: number }): string => `${map}.${shard}`

  const subscription = changes.subscribe((change) => {
    // the client is about to be dropped: nothing more is kept for it, however long that takes
    if (overflown || !shards().some((shard) => nameOf(shard) === nameOf(change))) return
    heard = clock.now()
    const name = nameOf(change)
    const last = chains.get(name)
    // nothing of this shard was heard before, or not what came in between
    if (change.reset || (last === undefined ? change.from > at : change.from !== last && change.to !== last)) doubt = true
    chains.set(name, change.to)
    for (const key of change.keys) if (mine(key)) waiting.set(key, change.to)
    if (waiting.size > MOST_WAITING) overflown = true
    wake?.()
  })
  /** Everything up to here has been heard of. */
  const reached = (): bigint => {
    const told = shards().map((shard) => chains.get(nameOf(shard)) ?? at)
    return told.reduce(earlier)
  }
  const pause = async (ms: number): Promise<void> => {
    const woken = abortWithin(sink.signal)
    wake = () => woken.abort()
    await clock.sleep(ms, woken.signal).catch(() => undefined)
    woken.abort()
    wake = undefined
  }
  const readAhead = (batch: readonly (readonly [key: string, position: bigint])[]) =>
    Promise.all(batch.map(([key, position]) => options.load(key, position).catch(() => undefined)))
  const drop = (reason: string): void => void sink.send({ id: String(at), event: 'dropped', data: { reason, position: String(at) } })

  try {
    if (!sink.send({ id: String(at), event: 'open', data: { position: String(at) } }) && !(await sink.drained())) return
    let quiet = clock.now()
    while (!sink.signal.aborted) {
      if (overflown) return drop('slow: more documents changed than are kept for a client')
      if (clock.now() - heard > SILENCE_MS) {
        doubt = true
        heard = clock.now()
      }
      let upTo = reached()
      if (doubt) {
        doubt = false
        const missed = await options.changedSince(at).catch(() => 'later' as const)
        if (missed === 'later') doubt = true
        else if (missed === undefined) {
          // more than could be told one by one: the client reads anew
          if (!sink.send({ id: String(upTo), event: 'reset', data: { position: String(upTo) } }) && !(await sink.drained()))
            return drop('slow')
          // what was heard of meanwhile may be newer than what it reads
          for (const [key, position] of waiting) if (position <= upTo) waiting.delete(key)
        } else
          for (const [key, position] of missed) {
            if (mine(key)) waiting.set(key, later(waiting.get(key) ?? position, position))
            if (position > upTo) upTo = position
          }
      }
      if (waiting.size === 0) {
        if (!doubt && upTo > at) at = upTo
        if (clock.now() - quiet >= ALIVE_MS) {
          sink.alive()
          quiet = clock.now()
        }
        await pause(SILENCE_MS)
        continue
      }
      const batch = [...waiting]
      waiting.clear()
      let ahead: readonly (Loaded | undefined)[] = []
      for (const n of batch.keys()) {
        if (n % AT_A_TIME === 0) ahead = await readAhead(batch.slice(n, n + AT_A_TIME))
        const document = ahead[n % AT_A_TIME]
        if (sink.signal.aborted) return
        if (!document) {
          // away for now: it and what comes after it are told later
          for (const [left, needs] of batch.slice(n)) if (!waiting.has(left)) waiting.set(left, needs)
          await pause(RETRY_MS)
          break
        }
        // only with the last one has the client had everything up to there
        if (n === batch.length - 1 && !doubt && upTo > at) at = upTo
        if (document === 'none') continue
        quiet = clock.now()
        if (!sink.send({ id: String(at), ...document }) && !(await sink.drained())) return drop('slow: what was sent has not been taken')
      }
    }
  } finally {
    subscription.unsubscribe()
  }
}
