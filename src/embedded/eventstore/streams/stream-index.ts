import { FRAME_HEADER } from '../log/frame.ts'
import type { Doorbell } from './doorbell.ts'
import { isMetastream, METASTREAM_METADATA, metastreamOf, NO_METADATA, originalOf, type StreamMetadata } from './metadata.ts'

/**
 * All that is held in RAM for every event and stream, payloads never: 8 to 12 B per event (its position), about 300 B per stream,
 * 8 B per 64 KiB of log. Ten million events in a hundred thousand streams: about 150 MB, besides 64 MiB of pages and 20 MB of recent ids.
 */
export interface StreamState {
  readonly name: string
  /** Before commit: what the append rules look at. */
  lastRevision: number
  tombstoned: boolean
  metadata: StreamMetadata
  /** Durable: what readers see. Index = revision. */
  readonly positions: number[]
  durableTombstone: boolean
  durableMetadata: StreamMetadata
  /** Rung when a commit touched the stream. */
  waiting: Set<Doorbell> | undefined
}

export interface Index {
  stream(name: string): StreamState
  /** Without creating it: names that readers ask for must not fill the memory. */
  find(name: string): StreamState | undefined
  /** Drops a stream that holds nothing and that nobody waits for. */
  forgetBlank(state: StreamState): void
  /** A stored event has become readable; `firstOfFrame` events are candidates for the sparse position index. */
  publish(state: StreamState, position: number, change: Published): void
  /** The last known record start at or before `position`, to walk from; undefined when the log is empty or starts later. */
  sampleBefore(position: number): number | undefined
  /** Where the next event to be stored will stand. */
  nextPosition(): number
}

export interface Published {
  readonly tombstone: boolean
  readonly firstOfFrame: boolean
  /** For an event of a metastream: what it says about the original stream. */
  readonly metadata?: StreamMetadata
}

/** Finding a position costs a walk over at most this much log plus one frame. */
const SAMPLE_EVERY = 64 * 1024

export const createIndex = (durableEnd: () => number): Index => {
  const streams = new Map<string, StreamState>()
  const samples: number[] = []

  const stream = (name: string): StreamState => {
    let state = streams.get(name)
    if (state === undefined) {
      const metadata = isMetastream(name) ? METASTREAM_METADATA : NO_METADATA
      state = {
        name,
        lastRevision: -1,
        tombstoned: false,
        metadata,
        positions: [],
        durableTombstone: false,
        durableMetadata: metadata,
        waiting: undefined,
      }
      streams.set(name, state)
    }
    return state
  }

  return {
    stream,
    find: (name) => streams.get(name),

    forgetBlank(state) {
      const blankMetadata = state.metadata === NO_METADATA || state.metadata === METASTREAM_METADATA
      if (state.lastRevision < 0 && !state.tombstoned && blankMetadata && state.waiting === undefined) streams.delete(state.name)
    },

    publish(state, position, { tombstone, firstOfFrame, metadata }) {
      if (tombstone) state.durableTombstone = true
      else state.positions.push(position)
      if (metadata !== undefined) stream(originalOf(state.name)).durableMetadata = metadata
      if (firstOfFrame && position >= (samples[samples.length - 1] ?? Number.NEGATIVE_INFINITY) + SAMPLE_EVERY) samples.push(position)
    },

    sampleBefore(position) {
      let low = 0
      let high = samples.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (samples[middle]! <= position) low = middle + 1
        else high = middle
      }
      return samples[low - 1]
    },

    nextPosition: () => durableEnd() + FRAME_HEADER,
  }
}

/** A metastream dies with its stream. */
export const isTombstoned = (index: Index, state: StreamState): boolean =>
  state.tombstoned || (isMetastream(state.name) && index.find(originalOf(state.name))?.tombstoned === true)

export const isDurablyTombstoned = (index: Index, name: string): boolean =>
  index.find(name)?.durableTombstone === true || (isMetastream(name) && index.find(originalOf(name))?.durableTombstone === true)

export const hasMetadata = (index: Index, name: string): boolean => (index.find(metastreamOf(name))?.lastRevision ?? -1) >= 0
