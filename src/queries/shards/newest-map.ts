import type { EventStore } from '../../events/store/event-store.ts'
import { abortWithin } from '../../platform/abort-within.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Refusal } from '../../platform/http/problem.ts'
import { readShardMap } from '../../projections/shard-map-stream.ts'
import { PATIENCE_MS } from '../consistency.ts'
import type { ShardRouting } from './routing.ts'

export interface NewestMapDeps {
  readonly routing: ShardRouting
  readonly store: EventStore
  readonly clock: Clock
}

/** A read that is refused anyway is not held up longer than this by the question whether a newer map is in force. */
const LOOK_MS = 1_000

/**
 * Runs requests on the shards in use. A process that stood still for longer than a reshard waits for it finds their rows removed when it goes
 * on: what it can't answer by a map that is over, it answers by the one in force as soon as it has moved there.
 */
export const answerByNewestMap = ({ routing, store, clock }: NewestMapDeps) => {
  let looking: Promise<number | undefined> | undefined
  /** Version of the map in force by the log; undefined when that can't be had. Who asks meanwhile shares one look. */
  const look = (signal: AbortSignal): Promise<number | undefined> => {
    looking ??= readShardMap(store)
      .then(
        (map) => map?.version,
        () => undefined,
      )
      .finally(() => {
        looking = undefined
      })
    return within(clock, LOOK_MS, looking, signal)
  }
  const again = async <T>(request: () => Promise<T>, signal: AbortSignal, refused: T, version: number): Promise<T> => {
    if (routing.map().version === version) {
      const inForce = await look(signal)
      if (inForce === undefined || inForce <= version) return refused
      await within(clock, PATIENCE_MS, routing.leaves(version), signal)
    }
    return routing.map().version > version ? routing.use(request) : refused
  }
  return <T extends object>(request: () => Promise<T>, signal: AbortSignal): Promise<T> =>
    routing.use(request, (answer, version) => (isNotReady(answer) ? again(request, signal, answer, version) : answer))
}

const isNotReady = (answer: object): boolean => 'refusal' in answer && (answer.refusal as Refusal).code === 'not_ready'

/** Undefined when it takes longer, or the signal aborts first. */
const within = async <T>(clock: Clock, ms: number, value: Promise<T>, signal: AbortSignal): Promise<T | undefined> => {
  const over = abortWithin(signal)
  const late = clock.sleep(ms, over.signal).catch(() => undefined)
  try {
    return (await Promise.race([value, late])) ?? undefined
  } finally {
    over.abort()
  }
}
