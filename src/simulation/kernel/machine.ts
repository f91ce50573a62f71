import type { Clock } from '../../platform/clock.ts'
import type { Ids } from '../../platform/ids.ts'
import type { Random } from './random.ts'
import type { Timeline } from './timeline.ts'

/** A simulated process: what it waits for comes only while it lives. */
export interface Machine {
  readonly name: string
  readonly clock: Clock
  readonly ids: Ids
  alive(): boolean
  /** Its promises never go on. */
  kill(): void
  /** Nothing reaches it before this time; then everything that waited does. */
  freezeUntil(time: number): void
  /** Lets something reach the process at a time, if it lives then. */
  deliver(time: number, work: () => void): void
  /**
   * One round trip to somewhere else: the request arrives after `there` ms even if the process dies meanwhile, the answer `back` ms later
   * only if it lives. `there` is 0 for what only reads: that costs one step less, and the answer is as old as it can be.
   */
  call<T>(there: number, back: number, work: () => T): Promise<T>
}

export interface MachineOptions {
  readonly name: string
  /** Which process of the run it is, from 0: its ids begin with it. */
  readonly life: number
  readonly timeline: Timeline
  readonly random: Random
  /** What its wall clock is off by, ms. */
  readonly skewMs: number
  /** Told of every round trip: between any two of them the process may die. */
  readonly onCall: (ms: number) => void
}

export const createMachine = ({ name, life, timeline, random, skewMs, onCall }: MachineOptions): Machine => {
  let alive = true
  let frozen = 0
  let ids = 0

  const deliver = (time: number, work: () => void): void => {
    timeline.at(time, () => {
      if (!alive) return
      if (timeline.now() < frozen) deliver(frozen, work)
      else work()
    })
  }
  const sleep: Clock['sleep'] = (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      let over = false
      const onAbort = (): void => {
        over = true
        reject(signal?.reason)
      }
      deliver(timeline.now() + ms, () => {
        if (over) return
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })

  return {
    name,
    clock: { now: () => Math.round(timeline.now()) + skewMs, sleep },
    ids: { uuid: () => uuidOf(life, ids++), bytes: (length) => random.bytes(length), below: (most) => random.below(most) },
    alive: () => alive,
    kill: () => {
      alive = false
    },
    freezeUntil: (time) => {
      frozen = Math.max(frozen, time)
    },
    deliver,
    call: (there, back, work) =>
      new Promise((resolve, reject) => {
        onCall(there + back)
        const arrived = (): void => {
          try {
            const value = work()
            deliver(timeline.now() + back, () => resolve(value))
          } catch (error) {
            deliver(timeline.now() + back, () => reject(error))
          }
        }
        if (there === 0) arrived()
        else timeline.at(timeline.now() + there, arrived)
      }),
  }
}

/** Unique within a run, and a UUID by its looks. */
const uuidOf = (life: number, id: number): string =>
  `${life.toString(16).padStart(8, '0')}-0000-7000-8000-${id.toString(16).padStart(12, '0')}`
