import type { EventStore } from '../../events/store/event-store.ts'
import { type AccountId, parseAccountStream } from '../../events/streams.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import type { AccountHandler } from './account-handler.ts'

export interface WarmStart {
  /** Accounts found and how many of them are loaded; undefined until they have been looked for. */
  progress(): { readonly done: number; readonly of: number } | undefined
  /** Resolves when the process may take traffic. */
  readonly over: Promise<void>
}

/** Of the whole log: where the accounts last active are found, a read of some 400 ms. */
const NEWEST_EVENTS = 4_000
/** The accounts that commands will most likely ask for; 20 loads make the code of the fold fast, too. */
const MOST_ACCOUNTS = 64
/** A load is mostly decoding, on the one thread. */
const AT_ONCE = 4
/** An account that a new version folds in full takes some 100 s a million events; the others need not wait for more than this. */
const PATIENCE_MS = 120_000

/**
 * Loads the accounts that were last active before a process takes traffic. After a deployment that folds otherwise their snapshots are
 * written anew then, and the first commands find code that has run before: a load with 249 events behind the snapshot takes 150 ms in a
 * process that has just come up, 60 to 75 ms in a warm one. Whatever fails here is only slower later.
 */
export const warmStart = (
  { store, clock, log }: { readonly store: EventStore; readonly clock: Clock; readonly log: Logger },
  handler: Pick<AccountHandler, 'load'>,
  signal: AbortSignal,
): WarmStart => {
  let progress: { done: number; of: number } | undefined
  const loadAll = async (): Promise<void> => {
    const accounts = await lastActive(store)
    const counted = { done: 0, of: accounts.length }
    progress = counted
    const waiting = accounts.values()
    const work = async (): Promise<void> => {
      for (const accountId of waiting) {
        if (signal.aborted) return
        await handler.load(accountId).catch((error: unknown) => log.warn({ err: error, accountId }, 'an account could not be loaded yet'))
        counted.done++
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }
  const loaded = loadAll().catch((error: unknown) => log.warn({ err: error }, 'the accounts last active are not loaded ahead'))
  const patience = new AbortController()
  const late = clock.sleep(PATIENCE_MS, patience.signal).catch(() => undefined)
  const over = Promise.race([loaded, late]).finally(() => patience.abort())
  return { progress: () => progress, over }
}

const lastActive = async (store: EventStore): Promise<readonly AccountId[]> => {
  const found = new Set<AccountId>()
  // read to its end: leaving early would reset the stream
  for await (const { streamId } of store.newest(NEWEST_EVENTS)) {
    const account = parseAccountStream(streamId)
    if (account && found.size < MOST_ACCOUNTS) found.add(account.accountId)
  }
  return [...found]
}
