import { randomUUID } from 'node:crypto'
import type { EventToStore } from '../log/record.ts'
import { type AppendDecision, decideAppend, type ExpectedRevision } from './append-rules.ts'
import { createGroup, type Group, type RecordToStore } from './group.ts'
import {
  isMetastream,
  isSoftDeleted,
  METADATA_TYPE,
  metastreamOf,
  originalOf,
  parseMetadata,
  SOFT_DELETE_METADATA,
  undeletedMetadata,
} from './metadata.ts'
import type { RecentIds } from './recent-ids.ts'
import { hasMetadata, type Index, isTombstoned, type StreamState } from './stream-index.ts'

export type AppendOutcome =
  /** `position` of the last event; undefined when nothing was to be appended. `revision` is the stream's last. */
  | { readonly kind: 'appended'; readonly revision: number; readonly position: number | undefined }
  | Exclude<AppendDecision, { kind: 'write' | 'already-written' }>

export type DeleteOutcome = { readonly kind: 'deleted'; readonly position: number } | Exclude<AppendOutcome, { kind: 'appended' }>

export interface Writer {
  /** Resolves when durable. Rejects when the disk failed: whether the events were kept is then unknown. */
  append(stream: string, expected: ExpectedRevision, events: readonly EventToStore[]): Promise<AppendOutcome>
  /** Soft delete: the stream reads as not found until it is written to again. */
  delete(stream: string, expected: ExpectedRevision): Promise<DeleteOutcome>
  /** For ever: the stream can't be read or written any more. */
  tombstone(stream: string, expected: ExpectedRevision): Promise<DeleteOutcome>
  /** Undefined while there is room; else wait for it before accepting more input. */
  room(): Promise<void> | undefined
  /** Resolves when all accepted appends are durable. */
  drained(): Promise<void>
}

export interface WriterParts {
  readonly index: Index
  readonly recentIds: RecentIds
  readonly durableEnd: () => number
  readonly writeGroup: (bytes: Buffer) => Promise<void>
  /** Id of a durable event, read at once: conflicts are compared before anything else may be accepted. */
  readonly idAt: (position: number) => string
  readonly lastCreatedMs: number
  /** Called once after a group was published. */
  readonly onPublished: (streams: ReadonlySet<StreamState>) => void
  /** Called once when a write failed; nothing is accepted any more. */
  readonly onFailure: (error: Error) => void
}

/** Input beyond it waits in the clients' sockets, not in our memory. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024

export const createWriter = (parts: WriterParts): Writer => {
  const { index, recentIds, durableEnd } = parts
  let pending: Group = createGroup(durableEnd())
  let inFlight: Group | undefined
  let pumping = false
  let failure: Error | undefined
  let createdMs = parts.lastCreatedMs

  const decide = (state: StreamState, expected: ExpectedRevision, idKeys: readonly string[]): AppendDecision =>
    decideAppend(
      {
        lastRevision: state.lastRevision,
        tombstoned: isTombstoned(index, state),
        softDeleted: isSoftDeleted(state.metadata),
        hasMetadata: hasMetadata(index, state.name),
        revisionOfRecent: (idKey) => {
          const at = recentIds.find(idKey)
          return at !== undefined && at.stream === state.name ? at.revision : undefined
        },
        idAt: (revision) => {
          const position = state.positions[revision]
          return position === undefined ? undefined : parts.idAt(position)
        },
      },
      expected,
      idKeys,
    )

  const recordFor = (state: StreamState, event: EventToStore): RecordToStore => {
    const revision = ++state.lastRevision
    const streamName = Buffer.from(state.name)
    if (!isMetastream(state.name)) return { state, streamName, event, revision, published: { tombstone: false } }
    const metadata = parseMetadata(Buffer.from(event.data))
    index.stream(originalOf(state.name)).metadata = metadata
    return { state, streamName, event, revision, published: { tombstone: false, metadata } }
  }

  /** A soft-deleted stream comes back with its numbering, but without what was deleted. */
  const undelete = (state: StreamState, text: string, truncateBefore: number): RecordToStore[] => {
    const data = undeletedMetadata(text, truncateBefore)
    return data === undefined ? [] : [recordFor(index.stream(metastreamOf(state.name)), metadataEvent(data))]
  }

  /** Names that were only asked about must not fill the memory. */
  const refuse = <T>(state: StreamState, outcome: T): T => {
    index.forgetBlank(state)
    return outcome
  }

  const write = (records: readonly RecordToStore[]): number[] => {
    // never backwards, so that the events of a stream are in order of time and $maxAge cuts a prefix
    createdMs = Math.max(createdMs, Date.now())
    const positions = pending.addFrame(records, createdMs)
    for (const [i, { state, event, revision }] of records.entries()) {
      recentIds.remember(event.id.toString('latin1'), { stream: state.name, revision, position: positions[i]! })
    }
    pump()
    return positions
  }

  const settled = <T>(value: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) return reject(failure)
      const group = pending.isEmpty ? inFlight : pending
      if (group === undefined) return resolve(value())
      group.settle.push((error) => (error === undefined ? resolve(value()) : reject(error)))
    })

  const pump = (): void => {
    if (pumping) return
    pumping = true
    // appends that arrived in the same turn of the loop share the first group
    setImmediate(() => void writeGroups())
  }

  const writeGroups = async (): Promise<void> => {
    while (!pending.isEmpty) {
      const group = pending
      inFlight = group
      pending = createGroup(group.end)
      try {
        await parts.writeGroup(group.bytes())
      } catch (error) {
        return fail(error as Error, group)
      }
      inFlight = undefined
      publish(group)
    }
    pumping = false
  }

  const publish = (group: Group): void => {
    const touched = new Set<StreamState>()
    group.forEachRecord((state, position, published) => {
      index.publish(state, position, published)
      touched.add(state)
    })
    for (const settle of group.settle) settle(undefined)
    parts.onPublished(touched)
  }

  const fail = (error: Error, group: Group): void => {
    failure = new Error(`the event log could not be written: ${error.message}`, { cause: error })
    for (const settle of [...group.settle, ...pending.settle]) settle(failure)
    parts.onFailure(failure)
  }

  return {
    async append(stream, expected, events) {
      if (failure !== undefined) throw failure
      const state = index.stream(stream)
      const decision = decide(
        state,
        expected,
        events.map((event) => event.id.toString('latin1')),
      )
      if (decision.kind === 'already-written') {
        const revision = decision.lastRevision
        return settled(() => ({ kind: 'appended', revision, position: state.positions[revision] }))
      }
      if (decision.kind !== 'write') return refuse(state, decision)
      if (events.length === 0) {
        const revision = state.lastRevision
        return settled(() => ({ kind: 'appended', revision, position: undefined }))
      }
      const before = state.lastRevision
      const originalBefore = isMetastream(stream) ? index.stream(originalOf(stream)).metadata : undefined
      const deletedText = state.metadata.deletedText
      const records = events.map((event) => recordFor(state, event))
      if (deletedText !== undefined) records.push(...undelete(state, deletedText, before + 1))
      if (originalBefore !== undefined && isSoftDeleted(originalBefore)) {
        const original = index.stream(originalOf(stream))
        records.push(...undelete(original, Buffer.from(events.at(-1)!.data).toString(), original.lastRevision + 1))
      }
      const position = write(records)[events.length - 1]!
      const revision = before + events.length
      return settled(() => ({ kind: 'appended', revision, position }))
    },

    async delete(stream, expected) {
      if (failure !== undefined) throw failure
      const state = index.stream(stream)
      const decision = decide(state, expected, [UNWRITTEN_ID])
      if (decision.kind === 'already-written') throw new Error('a new id cannot have been written')
      if (decision.kind !== 'write') return refuse(state, decision)
      if (state.lastRevision < 0 && !hasMetadata(index, stream)) return refuse(state, { kind: 'wrong-expected-version', current: -1 })
      const position = write([recordFor(index.stream(metastreamOf(stream)), metadataEvent(SOFT_DELETE_METADATA))])[0]!
      return settled(() => ({ kind: 'deleted', position }))
    },

    async tombstone(stream, expected) {
      if (failure !== undefined) throw failure
      const state = index.stream(stream)
      const decision = decide(state, expected, [UNWRITTEN_ID])
      if (decision.kind === 'already-written') throw new Error('a new id cannot have been written')
      if (decision.kind !== 'write') return refuse(state, decision)
      state.tombstoned = true
      const record = { state, streamName: Buffer.from(stream), event: TOMBSTONE_EVENT(), revision: 0, published: { tombstone: true } }
      const position = write([record])[0]!
      return settled(() => ({ kind: 'deleted', position }))
    },

    room: () => (pending.end - durableEnd() > MAX_QUEUED_BYTES ? settled(() => undefined).catch(() => undefined) : undefined),
    drained: () => settled(() => undefined),
  }
}

/** No stored event has it (ids are 16 bytes), so a delete never passes for a repetition. */
const UNWRITTEN_ID = ''

const newId = (): Buffer => Buffer.from(randomUUID().replaceAll('-', ''), 'hex')
const NOTHING = Buffer.alloc(0)

const metadataEvent = (data: Buffer): EventToStore => ({
  id: newId(),
  type: Buffer.from(METADATA_TYPE),
  json: true,
  data,
  metadata: NOTHING,
})

const TOMBSTONE_EVENT = (): EventToStore => ({
  id: newId(),
  type: Buffer.from('$streamDeleted'),
  json: false,
  data: NOTHING,
  metadata: NOTHING,
})
