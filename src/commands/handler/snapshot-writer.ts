import { LRUCache } from 'lru-cache'
import type { Logger } from '../../platform/log.ts'
import type { HandlerMetrics } from './handler-metrics.ts'
import type { LoadedAccount } from './loaded-account.ts'
import { type SnapshotDeps, writeSegment, writeSnapshot } from './snapshot-store.ts'

/** Writes snapshots in the background, one at a time; nothing waits for it and nothing depends on it. */
export interface SnapshotWriter {
  /** Called with a durable fold after each append; most calls do nothing. */
  offer(accountId: string, account: LoadedAccount): void
  /** Resolves when nothing is being written. */
  idle(): Promise<void>
}

/**
 * Events between two snapshots of an account, 2 ms to pack. A process that has just come up folds and decodes 0.2 to 0.5 ms an event, so many
 * more would take a cold load beyond 100 ms.
 */
export const SNAPSHOT_EVERY = 250n
/** Accounts whose last snapshot is remembered; one that is forgotten is written again early. */
const MOST_ACCOUNTS = 50_000
/** Accounts waiting to be packed; more are skipped and offered again by their next append. */
const MAX_QUEUE = 200

/** How often snapshots are written. */
export interface SnapshotPace {
  /** Events between two of an account. */
  readonly every: bigint
  /** Accounts whose last one is remembered. */
  readonly accounts: number
}

interface Written {
  readonly revision: bigint
  readonly digests: ReadonlyMap<number, string>
}

/** What became of a snapshot; where it failed, the segment that could not be stored, or the fault. */
interface Saved {
  readonly result: 'written' | 'too_large' | 'failed'
  readonly segment?: number
  readonly err?: unknown
}

export const createSnapshotWriter = (
  deps: SnapshotDeps & {
    readonly log: Logger
    readonly metrics: HandlerMetrics
    readonly signal: AbortSignal
    readonly pace?: SnapshotPace | undefined
  },
): SnapshotWriter => {
  const { log, metrics, signal, pace: { every, accounts } = { every: SNAPSHOT_EVERY, accounts: MOST_ACCOUNTS } } = deps
  const written = new LRUCache<string, Written>({ max: accounts })
  const queue = new Map<string, LoadedAccount>()
  let running: Promise<void> | undefined

  const work = async (): Promise<void> => {
    for (const [accountId, account] of queue) {
      queue.delete(accountId)
      if (signal.aborted) return
      const { result, ...why } = await save(accountId, account).catch((error: unknown): Saved => ({ result: 'failed', err: error }))
      metrics.snapshots.inc({ result })
      if (result === 'failed') log.warn({ accountId, ...why }, 'a snapshot could not be written')
    }
  }

  const save = async (accountId: string, account: LoadedAccount): Promise<Saved> => {
    const digests = new Map([...account.digests, ...(written.get(accountId)?.digests ?? [])])
    for (const segment of account.state.sealed) {
      if (digests.get(segment.index) === segment.digest) continue
      // the snapshot may name only what can be read back
      if (!(await writeSegment(deps, accountId, segment))) return { result: 'failed', segment: segment.index }
      digests.set(segment.index, segment.digest)
    }
    const oldest = account.state.segments - KEPT_DIGESTS
    for (const index of digests.keys()) if (index < oldest) digests.delete(index)
    const result = await writeSnapshot(deps, accountId, { ...account, digests })
    if (result !== 'failed') written.set(accountId, { revision: account.state.revision, digests })
    return { result }
  }

  return {
    offer: (accountId, account) => {
      const last = written.get(accountId)?.revision ?? account.snapshotRevision
      if (account.state.revision - last < every || deps.foldHash === undefined || signal.aborted) return
      if (queue.size >= MAX_QUEUE && !queue.has(accountId)) return
      queue.set(accountId, account)
      running ??= work().finally(() => {
        running = undefined
      })
    },
    idle: async () => {
      while (running) await running
    },
  }
}

/** As many as decisions look at (SEGMENTS_KEPT of known-ids). */
const KEPT_DIGESTS = 50
