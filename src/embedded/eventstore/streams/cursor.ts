import { FRAME_HEADER } from '../log/frame.ts'
import { LOG_START } from '../log/log-file.ts'
import { PAGE } from '../log/pages.ts'
import { isLastOfFrame, lengthOf, RECORD_HEADER, type StoredEvent } from '../log/record.ts'
import type { Store } from './store.ts'
import type { StreamState } from './stream-index.ts'

/** Undefined: nothing (more) to read now. A promise only when the disk has to be read: most events come at once. */
export type Next = StoredEvent | undefined | Promise<StoredEvent | undefined>

export interface Cursor {
  next(): Next
}

export const readEvent = (store: Store, position: number): StoredEvent | Promise<StoredEvent> =>
  readNow(store, position) ?? readLater(store, position)

const readNow = ({ pages }: Store, position: number): StoredEvent | undefined => {
  const header = pages.peek(position, RECORD_HEADER)
  if (header === undefined) return undefined
  const length = header.bytes.readUInt32LE(header.at)
  if (header.at + length <= header.bytes.length) return { position, bytes: header.bytes, at: header.at }
  const whole = pages.peek(position, length)
  return whole === undefined ? undefined : { position, bytes: whole.bytes, at: whole.at }
}

const readLater = async (store: Store, position: number): Promise<StoredEvent> => {
  for (;;) {
    const header = store.pages.peek(position, RECORD_HEADER)
    await store.pages.load(position, header === undefined ? RECORD_HEADER : header.bytes.readUInt32LE(header.at))
    const event = readNow(store, position)
    if (event !== undefined) return event
  }
}

export const positionAfter = (event: StoredEvent): number => event.position + lengthOf(event) + (isLastOfFrame(event) ? FRAME_HEADER : 0)

/** Position of the first event at or after `position` (of the next one to be stored, when there is none). */
export const locate = async (store: Store, position: number): Promise<number> => {
  if (position >= store.durableEnd()) return store.index.nextPosition()
  let at = store.index.sampleBefore(position) ?? FIRST_POSITION
  while (at < position && at < store.durableEnd()) at = positionAfter(await readEvent(store, at))
  return at
}

export const FIRST_POSITION = LOG_START + FRAME_HEADER

export interface AllCursor extends Cursor {
  /** Where the next event will be read. */
  readonly position: number
}

/** `$all` from an event position on, to what is durable at each call. */
export const allForwards = (store: Store, from: number): AllCursor => {
  let position = from
  const advance = (event: StoredEvent): StoredEvent => {
    position = positionAfter(event)
    return event
  }
  return {
    get position() {
      return position
    },
    next() {
      if (position >= store.durableEnd()) return undefined
      const event = readNow(store, position)
      if (event !== undefined) return advance(event)
      // the disk reads on while this page is being sent
      for (let ahead = 1; ahead <= READ_AHEAD_PAGES; ahead++) store.pages.prefetch(position + ahead * PAGE)
      return readLater(store, position).then(advance)
    },
  }
}

/** `$all` backwards from the event before `before`. */
export const allBackwards = (store: Store, before: number): Cursor => {
  let bound = before
  let block: number[] = []
  // records know their length, not their predecessor's: walk a sampled stretch forwards, give it out backwards
  const refill = async (): Promise<StoredEvent | undefined> => {
    if (bound <= FIRST_POSITION) return undefined
    const start = store.index.sampleBefore(bound - 1) ?? FIRST_POSITION
    block = []
    for (let at = start; at < bound && at < store.durableEnd(); at = positionAfter(await readEvent(store, at))) block.push(at)
    bound = start
    const last = block.pop()
    return last === undefined ? undefined : readEvent(store, last)
  }
  return {
    next() {
      const position = block.pop()
      return position === undefined ? refill() : readEvent(store, position)
    },
  }
}

/** Revisions `from`, `from + step`, … while they lie in [lowest, highest] and are durable. */
export const streamCursor = (store: Store, state: StreamState, from: number, step: 1 | -1, lowest: number, highest: number): Cursor => {
  let revision = from
  return {
    next() {
      if (revision < lowest || revision > highest) return undefined
      const position = state.positions[revision]
      if (position === undefined) return undefined
      const event = readNow(store, position)
      if (event === undefined) {
        for (let ahead = 1; ahead <= READ_AHEAD_EVENTS; ahead++) {
          const later = state.positions[revision + ahead * step]
          if (later !== undefined) store.pages.prefetch(later)
        }
      }
      revision += step
      return event ?? readLater(store, position)
    },
  }
}

/** Enough to hide the disk behind encoding, little enough not to wash the cache. */
const READ_AHEAD_PAGES = 4
/** The events of one stream lie scattered among those of others: fetch as many pages at once as the thread pool serves well. */
const READ_AHEAD_EVENTS = 16
