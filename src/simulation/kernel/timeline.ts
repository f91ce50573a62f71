/** Virtual time: everything that happens in a simulation happens here, one thing after the other. */
export interface Timeline {
  /** Ms since the Unix epoch. */
  now(): number
  /** Plans work; what is planned for the same instant happens in the order in which it was planned. */
  at(time: number, work: () => void): Planned
  /** Does one thing after the other, letting everything that it set going come to rest, until told to stop. False: nothing is planned any more. */
  run(isOver: () => boolean): Promise<boolean>
  /** How many things have happened. */
  steps(): number
  /** Time of the next thing; undefined: nothing is planned. */
  next(): number | undefined
}

export interface Planned {
  cancel(): void
}

interface Entry extends Planned {
  readonly time: number
  readonly order: number
  work: (() => void) | undefined
}

export const createTimeline = (start: number): Timeline => {
  const heap: Entry[] = []
  let now = start
  let planned = 0
  let steps = 0

  const take = (): Entry | undefined => {
    for (;;) {
      const first = heap[0]
      const last = heap.pop()
      if (!first || !last) return undefined
      if (first !== last) sink(heap, last)
      if (first.work) return first
    }
  }
  const doNext = (): boolean => {
    const entry = take()
    if (!entry) return false
    now = entry.time
    steps++
    const { work } = entry
    entry.work = undefined
    work?.()
    return true
  }

  return {
    now: () => now,
    steps: () => steps,
    next: () => {
      while (heap[0] && !heap[0].work) {
        const last = heap.pop()!
        if (heap.length > 0 && heap[0] !== last) sink(heap, last)
      }
      return heap[0]?.time
    },
    at: (time, work) => {
      const entry: Entry = {
        time: Math.max(time, now),
        order: planned++,
        work,
        cancel: () => {
          entry.work = undefined
        },
      }
      rise(heap, entry)
      return entry
    },
    run: (isOver) =>
      new Promise((resolve) => {
        let over = false
        const end = (more: boolean): void => {
          over = true
          resolve(more)
        }
        const turn = (): void => {
          if (over) return
          if (isOver()) end(true)
          else if (!doNext()) end(false)
        }
        const round = (): void => {
          if (over) return
          for (let i = 0; i < A_ROUND; i++) setImmediate(turn)
          setImmediate(round)
        }
        round()
      }),
  }
}

/**
 * Steps for one round of the event loop. Between two immediates every promise that the first has settled runs its course, for none waits
 * for anything real; a round of its own for each step would ask the kernel for sockets that nobody has.
 */
const A_ROUND = 100

const before = (a: Entry, b: Entry): boolean => a.time < b.time || (a.time === b.time && a.order < b.order)

const rise = (heap: Entry[], entry: Entry): void => {
  let at = heap.length
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!before(entry, heap[parent]!)) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = entry
}

/** Puts an entry in the place of the first one and lets it sink. */
const sink = (heap: Entry[], entry: Entry): void => {
  let at = 0
  for (;;) {
    let child = at * 2 + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (!before(heap[child]!, entry)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = entry
}
