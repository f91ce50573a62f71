import {
  BehaviorSubject,
  catchError,
  defer,
  filter,
  firstValueFrom,
  ignoreElements,
  map,
  merge,
  Observable,
  of,
  repeat,
  share,
  tap,
} from 'rxjs'
import type { Clock } from '../../platform/clock.ts'

/** The highest checkpoint of a shard that this process has heard of, and those who wait for a higher one. */
export interface ShardProgress {
  known(): bigint
  /** Someone saw the checkpoint at this commit position. */
  saw(position: bigint): void
  /** Resolves true once the checkpoint has reached `position`, false after `ms`. @throws the signal's reason */
  reaches(position: bigint, ms: number, signal: AbortSignal): Promise<boolean>
}

/** Between two looks at the stored checkpoint while someone waits and no projector tells us: a cheap read by key. */
const LOOK_MS = 10
/** After steps told by a projector itself the stored checkpoint is looked at only to be safe. */
const LOOK_WHEN_TOLD_MS = 250

export interface ShardProgressDeps {
  readonly clock: Clock
  /** Reads the stored checkpoint's commit position; undefined before the first. */
  readonly look: () => Promise<bigint | undefined>
  /** Whether steps of this shard are being told. */
  readonly told: () => boolean
}

/** Three feeds meet here: the projector's steps in this process, those heard over Redis, and looks at the database while someone waits. */
export const createShardProgress = ({ clock, look, told }: ShardProgressDeps): ShardProgress => {
  const known = new BehaviorSubject(-1n)
  const saw = (position: bigint): void => {
    if (position > known.value) known.next(position)
  }
  // one loop for all who wait: it starts with the first and ends with the last of them
  const looks = defer(look).pipe(
    catchError(() => of(undefined)),
    tap((position) => position !== undefined && saw(position)),
    repeat({ delay: () => after(clock, told() ? LOOK_WHEN_TOLD_MS : LOOK_MS) }),
    ignoreElements(),
    share(),
  )
  return {
    known: () => known.value,
    saw,
    reaches: async (position, ms, signal) => {
      if (position <= known.value) return true
      const arrived = known.pipe(
        filter((at) => at >= position),
        map(() => true),
      )
      const late = after(clock, ms).pipe(map(() => false))
      return firstValueFrom(merge(arrived, late, looks, aborted(signal)))
    },
  }
}

/** Emits once after `ms`; the timer goes with the subscription. */
const after = (clock: Clock, ms: number): Observable<void> =>
  new Observable((subscriber) => {
    const end = new AbortController()
    clock.sleep(ms, end.signal).then(
      () => {
        subscriber.next()
        subscriber.complete()
      },
      () => undefined,
    )
    return () => end.abort(new Error('no longer awaited'))
  })

/** Fails with the signal's reason when it aborts. */
const aborted = (signal: AbortSignal): Observable<never> =>
  new Observable((subscriber) => {
    const fail = (): void => subscriber.error(signal.reason)
    if (signal.aborted) return fail()
    signal.addEventListener('abort', fail, { once: true })
    return () => signal.removeEventListener('abort', fail)
  })
