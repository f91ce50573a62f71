import { decodeAccountEvent } from '../../events/decode.ts'
import type { EventStore, RecordedEvent } from '../../events/store/event-store.ts'
import { parseAccountStream } from '../../events/streams.ts'
import { abortWithin } from '../../platform/abort-within.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Lease } from '../../platform/lease.ts'
import type { Logger } from '../../platform/log.ts'
import type { Coordination } from './coordination.ts'
import { groupFilter, leaseName } from './slice-group.ts'
import type { Touched, Wallet, WorkIndex } from './work-index.ts'

/** Owns one group of slices while it holds the group's lease: follows their events and keeps the index of accounts with open work. */
export interface GroupWorker {
  /** This process holds the lease now. */
  holds(): boolean
  /** Newest revision of the account that was seen; -1 for none. */
  seen(accountId: string): bigint
  /** The account had nothing to do at this revision. */
  idle(accountId: string, revision: bigint): void
  close(): Promise<void>
}

export interface GroupWorkerOptions {
  readonly group: number
  readonly store: EventStore
  readonly coordination: Coordination
  readonly clock: Clock
  readonly log: Logger
  readonly wake: (accountId: string) => void
}

/** Events per transaction of the index while catching up. */
const BATCH = 500
/** An account leaves the index this much later, many at once: nothing depends on it. */
const FLUSH_MS = 1_000
const RETRY_MS = 500

export const startGroupWorker = ({ group, store, coordination, clock, log, wake }: GroupWorkerOptions): GroupWorker => {
  const stopping = new AbortController()
  const seen = new Map<string, bigint>()
  const idle = new Map<string, bigint>()
  let lease: Lease | undefined
  const holds = (): boolean => lease !== undefined && !lease.signal.aborted

  const work = async (held: Lease): Promise<void> => {
    const index = coordination.index(group, held)
    const { after, accounts } = await untilDone(() => index.load(), held.signal, clock, log)
    log.info({ group, accounts: accounts.length, after: after?.commit.toString() }, 'settling slices')
    // the events are behind the checkpoint: a fold that this process kept from before must not pass for the newest
    for (const { accountId, revision } of accounts) seen.set(accountId, revision)
    for (const { accountId } of accounts) wake(accountId)
    const done = abortWithin(held.signal)
    const flushing = flushIdle(index, done.signal)
    try {
      for await (const batch of store.follow({ after, streams: groupFilter(group), signal: held.signal, batch: BATCH })) {
        const touched = touchedBy(batch)
        for (const { accountId, revision } of touched) seen.set(accountId, revision)
        // Woken before the index is written: whatever a run does is fenced by the account's own stream, not by the index.
        for (const { accountId } of touched) wake(accountId)
        const last = batch.at(-1)
        if (last && !(await untilDone(() => index.advance(touched, last.position, walletsIn(batch)), held.signal, clock, log))) return
      }
    } finally {
      done.abort()
      await flushing
    }
  }

  const flushIdle = async (index: WorkIndex, signal: AbortSignal): Promise<void> => {
    while (await slept(FLUSH_MS, signal)) {
      // An account that was seen again since has its row written anew by the event's batch.
      const done = [...idle].filter(([accountId, revision]) => (seen.get(accountId) ?? -1n) <= revision)
      idle.clear()
      if (done.length === 0) continue
      for (const [accountId] of done) seen.delete(accountId)
      const rows = done.map(([accountId, revision]) => ({ accountId, revision }))
      // A row that stays behind costs one look at its account after the next restart.
      await index.remove(rows).catch((error: unknown) => log.warn({ err: error, group }, 'idle accounts stay in the index'))
    }
  }
  const slept = (ms: number, signal: AbortSignal): Promise<boolean> =>
    clock.sleep(ms, signal).then(
      () => true,
      () => false,
    )

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        lease = await coordination.lease(leaseName(group), stopping.signal)
        await work(lease)
      } catch (error) {
        if (!stopping.signal.aborted && !lease?.signal.aborted) log.error({ err: error, group }, 'following a slice group failed')
      }
      await lease?.release()
      lease = undefined
      seen.clear()
      idle.clear()
      await slept(RETRY_MS, stopping.signal)
    }
  }
  const running = run()

  return {
    holds,
    seen: (accountId) => seen.get(accountId) ?? -1n,
    idle: (accountId, revision) => {
      idle.set(accountId, revision)
    },
    close: async () => {
      stopping.abort(new Error('stopping'))
      await running
    },
  }
}

const touchedBy = (batch: readonly RecordedEvent[]): Touched[] => {
  const newest = new Map<string, bigint>()
  for (const { streamId, revision } of batch) {
    const parsed = parseAccountStream(streamId)
    if (parsed) newest.set(parsed.accountId, revision)
  }
  return [...newest].map(([accountId, revision]) => ({ accountId, revision }))
}

const walletsIn = (batch: readonly RecordedEvent[]): Wallet[] =>
  batch.flatMap((recorded) => {
    const accountId = recorded.type === 'WalletAssigned' ? parseAccountStream(recorded.streamId)?.accountId : undefined
    if (accountId === undefined) return []
    const event = decodeAccountEvent(recorded)
    return event.type === 'WalletAssigned' ? [{ accountId, publicKey: event.data.publicKey }] : []
  })

/** Repeats a write that is safe to repeat until it succeeds. @throws the signal's reason once the lease is lost */
const untilDone = async <T>(attempt: () => Promise<T>, signal: AbortSignal, clock: Clock, log: Logger): Promise<T> => {
  for (;;) {
    signal.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      log.warn({ err: error }, 'the index of open work could not be reached')
      await clock.sleep(RETRY_MS, signal)
    }
  }
}
