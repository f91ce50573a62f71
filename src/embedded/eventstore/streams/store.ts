import { openLogFile } from '../log/log-file.ts'
import type { Pages } from '../log/pages.ts'
import { createdMsOf, dataOf, idKeyOf, isLastOfFrame, isTombstone, revisionOf, type StoredEvent, streamNameOf } from '../log/record.ts'
import { DamagedLog } from '../log/recovery.ts'
import type { Doorbell } from './doorbell.ts'
import { isMetastream, originalOf, parseMetadata } from './metadata.ts'
import { createRecentIds, RECENT_IDS, type WrittenAt } from './recent-ids.ts'
import { createIndex, type Index } from './stream-index.ts'
import { createWriter, type Writer } from './writer.ts'

/** The streams of one folder, open for reading and writing by this process alone. */
export interface Store {
  readonly index: Index
  readonly pages: Pages
  readonly writer: Writer
  readonly recovered: { readonly events: number; readonly torn: boolean; readonly bytes: number }
  /** Readers see what lies below. */
  durableEnd(): number
  /** Rung at every commit, until removed. */
  readonly bells: Set<Doorbell>
  /** Waits for accepted appends, then closes the files. */
  close(): Promise<void>
}

export interface StoreOptions {
  /** False: appends are acknowledged before they are on disk. For tests only. */
  readonly sync: boolean
  /** A write failed; nothing is accepted any more and the process has to end. */
  readonly onFailure: (error: Error) => void
}

/** Throws when the folder is in use or the log is damaged. */
export const openStore = (folder: string, { sync, onFailure }: StoreOptions): Store => {
  let durableEnd = (): number => 0
  const index = createIndex(() => durableEnd())
  const recovery = intoIndex(index)
  const log = openLogFile(folder, sync, recovery.visit)
  durableEnd = () => log.durableEnd
  const recentIds = createRecentIds((position) => position < log.durableEnd)
  recovery.fill((idKey, place) => recentIds.remember(idKey, place))
  const bells = new Set<Doorbell>()
  const writer = createWriter({
    index,
    recentIds,
    durableEnd,
    writeGroup: (bytes) => log.writeGroup(bytes),
    idAt: (position) => log.readIdNow(position),
    lastCreatedMs: recovery.lastCreatedMs(),
    onPublished(streams) {
      for (const bell of bells) bell.ring()
      for (const { waiting } of streams) if (waiting !== undefined) for (const bell of waiting) bell.ring()
    },
    onFailure,
  })
  return {
    index,
    pages: log.pages,
    writer,
    recovered: { events: recovery.events(), torn: log.recoveredTorn, bytes: log.durableEnd },
    durableEnd,
    bells,
    async close() {
      await writer.drained().catch(() => undefined)
      await log.close()
    },
  }
}

const intoIndex = (index: Index) => {
  let events = 0
  let lastCreatedMs = 0
  let firstOfFrame = true
  const recent: (readonly [string, WrittenAt])[] = []
  return {
    visit(event: StoredEvent): void {
      const name = streamNameOf(event)
      const state = index.stream(name)
      const tombstone = isTombstone(event)
      const revision = tombstone ? state.lastRevision : revisionOf(event)
      if (!tombstone && revision !== state.lastRevision + 1) {
        throw new DamagedLog(event.position, `revision ${revision} of ${name} does not follow ${state.lastRevision}`)
      }
      state.lastRevision = revision
      if (tombstone) state.tombstoned = true
      const metadata = isMetastream(name) && !tombstone ? parseMetadata(dataOf(event)) : undefined
      if (metadata !== undefined) index.stream(originalOf(name)).metadata = metadata
      index.publish(state, event.position, { tombstone, firstOfFrame, ...(metadata === undefined ? {} : { metadata }) })
      recent[events % RECENT_IDS] = [idKeyOf(event), { stream: state.name, revision, position: event.position }]
      events += 1
      lastCreatedMs = createdMsOf(event)
      firstOfFrame = isLastOfFrame(event)
    },
    /** The last ids written, oldest first: without them a retry with ANY after a restart would be stored twice. */
    fill(remember: (idKey: string, place: WrittenAt) => void): void {
      const oldest = events > RECENT_IDS ? events % RECENT_IDS : 0
      for (let i = 0; i < recent.length; i++) remember(...recent[(oldest + i) % recent.length]!)
    },
    events: () => events,
    lastCreatedMs: () => lastCreatedMs,
  }
}
