import { UnreadableEvent } from '../../events/decode.ts'
import type { AppendOutcome, EventStore, NewEvent } from '../../events/store/event-store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import type { AccountLoader } from './account-loader.ts'
import type { HandlerMetrics } from './handler-metrics.ts'
import type { LoadedAccount } from './loaded-account.ts'

export type Definite =
  | { readonly kind: 'appended'; readonly position: bigint }
  /** Not applied; the account as the log has it now. */
  | { readonly kind: 'conflict'; readonly account: LoadedAccount }
  /** The store refuses it for good (access, size, deleted stream): nothing was written. */
  | { readonly kind: 'refused' }

export interface AppendDeps {
  readonly store: EventStore
  readonly loader: AccountLoader
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: HandlerMetrics
  readonly signal: AbortSignal
}

/** One try; the store's own timer, because the client's batch call has none. */
const APPEND_TIMEOUT_MS = 2_000
const FIRST_PAUSE_MS = 20
/** A store that is away is asked again at least this often. */
const LONGEST_PAUSE_MS = 1_000

/**
 * Appends at exactly the revision decided on and goes on, with the same ids and the same revision, until the outcome is definite.
 * A conflict is definite only when our ids are not in the stream. Rejects with the signal's reason when the process stops first.
 */
export const appendDefinitely = async (
  deps: AppendDeps,
  { accountId, stream }: { readonly accountId: string; readonly stream: string },
  account: LoadedAccount,
  events: readonly NewEvent[],
): Promise<Definite> => {
  const { metrics, log, clock, signal } = deps
  const { revision } = account.state
  let unknown = false
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const outcome = await tryOnce(deps, stream, revision, events)
    metrics.appends.inc({ outcome: outcome.kind })
    if (outcome.kind === 'appended') return { kind: 'appended', position: outcome.position.commit }
    if (outcome.kind === 'conflict') {
      const whose = await whoseEvents(deps.loader, accountId, account, events).catch((error: unknown) => {
        // no waiting makes it readable: what is ours can be told by its id, and nothing may be decided on the rest
        if (error instanceof UnreadableEvent) return whoseById(deps, { accountId, stream }, account, events, error)
        log.warn({ err: error, accountId }, 'the stream could not be read after a conflict: trying again')
        return undefined
      })
      if (whose) return whose
    }
    // an earlier try without an answer may still have been written: only then is a refusal not the last word
    if (outcome.kind === 'refused' && !unknown) {
      log.error({ accountId, revision: revision.toString(), reason: outcome.reason }, 'the event store refuses an append')
      return { kind: 'refused' }
    }
    unknown ||= outcome.kind === 'unknown'
    if (outcome.kind === 'unknown')
      log.warn({ accountId, revision: revision.toString(), reason: outcome.reason }, 'append outcome unknown: asking again')
    await clock.sleep(pause, signal)
  }
}

const tryOnce = async (
  { store }: AppendDeps,
  stream: string,
  revision: bigint,
  events: readonly NewEvent[],
): Promise<AppendOutcome | { readonly kind: 'refused'; readonly reason: string }> => {
  try {
    return await store.append(stream, revision < 0n ? 'no_stream' : revision, events, APPEND_TIMEOUT_MS)
  } catch (error) {
    return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) }
  }
}

/** As whoseEvents, on a stream with an event that only a newer build can read. */
const whoseById = async (
  { store, log }: AppendDeps,
  { accountId, stream }: { readonly accountId: string; readonly stream: string },
  account: LoadedAccount,
  events: readonly NewEvent[],
  error: UnreadableEvent,
): Promise<Definite | undefined> => {
  log.error({ err: error, accountId }, 'a newer build has written to this account: nothing is decided here any more')
  const last = events.at(-1)?.id
  try {
    for await (const { id, position } of store.readStream(stream, account.state.revision + 1n, events.length))
      if (id === last) return { kind: 'appended', position: position.commit }
    return { kind: 'refused' }
  } catch {
    return undefined
  }
}

/** After WrongExpectedVersion: the stream has passed our revision, with our own events (an earlier try had succeeded) or another's. */
const whoseEvents = async (
  loader: AccountLoader,
  accountId: string,
  account: LoadedAccount,
  events: readonly NewEvent[],
): Promise<Definite> => {
  const tail = await loader.refresh(accountId, account)
  const last = events.at(-1)?.id
  const ours = last === undefined ? undefined : tail.find(last)
  return ours === undefined ? { kind: 'conflict', account: tail.account } : { kind: 'appended', position: ours }
}
