import { setMaxListeners } from 'node:events'
import type { Rules } from '../../events/rules.ts'
import type { EventStore } from '../../events/store/event-store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Ids } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import type { Registry } from '../../platform/metrics.ts'
import type { AccountCommand, CommandContext } from '../account/command.ts'
import { createAccountCache } from './account-cache.ts'
import type { AccountHandler, Executed } from './account-handler.ts'
import { createAccountLoader } from './account-loader.ts'
import { FOLD_HASH } from './fold-code.ts'
import { createHandlerMetrics } from './handler-metrics.ts'
import type { LoadedAccount } from './loaded-account.ts'
import { expireLetters, type Letter, type Mailbox, openMailbox, operationIdOf, settle } from './mailbox.ts'
import { type Packing, ZLIB_THREADS } from './packing.ts'
import { serveMailbox } from './serve-mailbox.ts'
import { createSnapshotWriter, type SnapshotPace } from './snapshot-writer.ts'

export interface AccountHandlerDeps {
  readonly store: EventStore
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly registry: Registry
  readonly logId: string
  /** Other than the product's own pace, where histories are short. */
  readonly snapshots?: SnapshotPace
  /** How snapshots are packed; zlib's threads where nothing is given. */
  readonly packing?: Packing
  /** Controls and limits in force; without them nothing is halted or limited from outside the account. */
  readonly rules?: Rules | undefined
}

/** Commands that may wait in one mailbox, and in all: beyond it the sender is told at once instead of after the deadline. */
const MAX_WAITING_PER_ACCOUNT = 2_000
const MAX_WAITING = 20_000
/** Deadlines are checked this often: one timer instead of one per command. */
const SWEEP_MS = 100

/** The write side's handler; one per process. */
export const createAccountHandler = (deps: AccountHandlerDeps): AccountHandler => {
  const { clock, log } = deps
  const stop = new AbortController()
  // every append that waits to be tried again listens for the stop
  setMaxListeners(0, stop.signal)
  const metrics = createHandlerMetrics(deps.registry)
  const cache = createAccountCache()
  const known = { ...deps, packing: deps.packing ?? ZLIB_THREADS, foldHash: FOLD_HASH }
  const loader = createAccountLoader(known)
  const snapshots = createSnapshotWriter({ ...known, metrics, signal: stop.signal, pace: deps.snapshots })
  const boxes = new Map<string, Mailbox>()
  const loading = new Map<string, Promise<LoadedAccount>>()
  let waiting = 0
  let sweeping = false

  const load = async (accountId: string): Promise<LoadedAccount> => {
    const cached = cache.get(accountId)
    if (cached) return cached
    const running = loading.get(accountId)
    if (running) return running
    metrics.loads.inc()
    const started = loader.load(accountId).finally(() => loading.delete(accountId))
    loading.set(accountId, started)
    const account = await started
    cache.keep(accountId, account)
    snapshots.offer(accountId, account)
    return account
  }

  const serve = { ...deps, loader, metrics, cache, snapshots, load, handlerId: deps.ids.uuid(), signal: stop.signal }

  const open = (accountId: string): Mailbox => {
    const box = openMailbox(accountId)
    boxes.set(accountId, box)
    // the first command of an idle account is decided in this turn's microtasks, those that come meanwhile in the next batch
    queueMicrotask(() => {
      void serveMailbox(serve, box, () => boxes.delete(accountId))
    })
    return box
  }

  const sweep = async (): Promise<void> => {
    while (boxes.size > 0 && !stop.signal.aborted) {
      await clock.sleep(SWEEP_MS, stop.signal).catch(() => undefined)
      for (const box of boxes.values()) expireLetters(box, clock.now())
    }
    sweeping = false
  }

  const execute = (accountId: string, command: AccountCommand, context: CommandContext): Promise<Executed> => {
    if (stop.signal.aborted) return Promise.resolve({ kind: 'unavailable', detail: 'this process is stopping' })
    const there = boxes.get(accountId)
    if ((there && there.waiting.length >= MAX_WAITING_PER_ACCOUNT) || waiting >= MAX_WAITING)
      return Promise.resolve({ kind: 'unavailable', detail: 'too many commands are waiting' })
    const box = there ?? open(accountId)
    metrics.waiting.set(++waiting)
    const answered = new Promise<Executed>((resolve, reject) => {
      const letter: Letter = { command, context, since: clock.now(), answer: resolve, fail: reject, answered: false }
      box.waiting.push(letter)
    })
    if (!sweeping) {
      sweeping = true
      void sweep()
    }
    return answered.finally(() => metrics.waiting.set(--waiting))
  }

  const close = async (): Promise<void> => {
    stop.abort(new Error('the handler closes'))
    for (const box of boxes.values()) {
      for (const letter of box.inFlight)
        settle(letter, { kind: 'unknown', operationId: operationIdOf(box.accountId, box.expected, letter.context.commandId) })
      for (const letter of box.waiting) settle(letter, { kind: 'unavailable', detail: 'this process is stopping' })
    }
    await snapshots.idle()
    log.debug('account handler closed')
  }

  return {
    execute,
    load: async (accountId, { fresh = false } = {}) => {
      const account = await load(accountId)
      if (!fresh) return account.state
      const tail = await loader.refresh(accountId, account)
      cache.keep(accountId, tail.account)
      return tail.account.state
    },
    close,
  }
}
