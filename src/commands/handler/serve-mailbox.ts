import { UnreadableEvent } from '../../events/decode.ts'
import type { Rules } from '../../events/rules.ts'
import type { AccountCommand } from '../account/command.ts'
import { payoutAsksForIds } from '../account/decide-payout.ts'
import { segmentsMissing } from '../account/known-ids.ts'
import type { AccountCache } from './account-cache.ts'
import { type AppendDeps, appendDefinitely } from './append-definitely.ts'
import { type Batch, decideBatch } from './decide-batch.ts'
import type { LoadedAccount } from './loaded-account.ts'
import { type Letter, type Mailbox, settle } from './mailbox.ts'
import type { SnapshotWriter } from './snapshot-writer.ts'

export interface ServeDeps extends AppendDeps {
  readonly cache: AccountCache
  readonly snapshots: SnapshotWriter
  /** Tells this handler's events from those of any other process. */
  readonly handlerId: string
  readonly rules?: Rules | undefined
  /** The account from memory or the log. */
  readonly load: (accountId: string) => Promise<LoadedAccount>
}

/** Works a mailbox off: decide what is there, append it in one go, answer; until it is empty, then `closed` in the same turn. Never rejects. */
export const serveMailbox = async (deps: ServeDeps, box: Mailbox, closed: () => void): Promise<void> => {
  while (box.waiting.length > 0) {
    try {
      await serveBatch(deps, box)
    } catch (error) {
      // an append rejects only when the process stops; its letters are told `unknown` by the handler's close
      if (!deps.signal.aborted) deps.log.error({ err: error, accountId: box.accountId }, 'an account could not be read')
      const detail =
        error instanceof UnreadableEvent ? `this build cannot read the account: ${error.message}` : 'the account could not be read'
      for (const letter of box.waiting) settle(letter, { kind: 'unavailable', detail })
      box.waiting = []
    }
  }
  closed()
}

const serveBatch = async (deps: ServeDeps, box: Mailbox): Promise<void> => {
  const { cache, loader } = deps
  const { accountId } = box
  let account = await deps.load(accountId)
  if (segmentsMissing(account.state).length > 0 && box.waiting.some(({ command }) => asksForIds(command))) {
    account = await loader.withIds(accountId, account)
    cache.keep(accountId, account)
  }
  const batch = decideBatch(
    { stream: box.stream, handlerId: deps.handlerId, clock: deps.clock.now(), rules: deps.rules },
    account.state,
    box.waiting,
  )
  for (const { asked, error } of batch.broken) fail(deps, asked, error)
  if (batch.events.length > 0) {
    box.waiting = box.waiting.slice(batch.taken)
    return append(deps, box, account, batch)
  }
  // refusals and the like may rest on a fold that another process has outdated: the tail decides
  const fresh = batch.conclusive ? account : (await loader.refresh(accountId, account)).account
  if (fresh !== account) cache.replace(accountId, fresh)
  if (sameHistory(fresh, account)) answer(deps, batch, fresh)
  box.waiting = box.waiting.filter((letter) => !letter.answered)
}

const append = async (deps: ServeDeps, box: Mailbox, account: LoadedAccount, batch: Batch<Letter>): Promise<void> => {
  const { cache, metrics, snapshots } = deps
  box.inFlight = batch.decided.map(({ asked }) => asked)
  box.expected = account.state.revision
  metrics.batch.observe(batch.events.length)
  const outcome = await appendDefinitely(deps, box, account, batch.events)
  box.inFlight = []
  if (outcome.kind === 'refused') {
    for (const { asked } of batch.decided) settle(asked, { kind: 'unavailable', detail: 'the event store refuses the append' })
    return
  }
  if (outcome.kind === 'conflict') {
    cache.replace(box.accountId, outcome.account)
    return putBack(box, batch)
  }
  const lastEventId = batch.events.at(-1)!.id
  const next: LoadedAccount = { ...account, state: batch.state, position: outcome.position, lastEventId }
  cache.replace(box.accountId, next)
  answer(deps, batch, next)
  snapshots.offer(box.accountId, next)
}

const answer = ({ metrics }: ServeDeps, { decided }: Batch<Letter>, { position, state }: LoadedAccount): void => {
  for (const { asked, answer: given } of decided) {
    metrics.commands.inc({ type: asked.command.type, answer: given.kind === 'refused' ? given.refusal.code : given.kind })
    settle(asked, { kind: 'answered', answer: given, position, state })
  }
}

/** What was answered meanwhile as unknown is not decided anew: its operation id says that it was not applied. */
const putBack = (box: Mailbox, { decided }: Batch<Letter>): void => {
  box.waiting = [...decided.map(({ asked }) => asked).filter((letter) => !letter.answered), ...box.waiting]
}

const fail = ({ log }: ServeDeps, letter: Letter, error: unknown): void => {
  log.error({ err: error, command: letter.command.type, commandId: letter.context.commandId }, 'a decision threw')
  if (letter.answered) return
  letter.answered = true
  letter.fail(error)
}

const asksForIds = ({ type }: AccountCommand): boolean =>
  type === 'PlaceOrder' ||
  type === 'RequestDeposit' ||
  type === 'StartAlgo' ||
  type === 'CancelAlgo' ||
  type === 'EndAlgo' ||
  payoutAsksForIds(type)

const sameHistory = (a: LoadedAccount, b: LoadedAccount): boolean =>
  a.state.revision === b.state.revision && a.lastEventId === b.lastEventId
