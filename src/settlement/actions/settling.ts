import type { LRUCache } from 'lru-cache'
import type { AccountCommand } from '../../commands/account/command.ts'
import type { AccountState } from '../../commands/account/state.ts'
import type { Counter } from '../../platform/metrics.ts'
import type { SettlementDeps } from '../deps.ts'
import type { FeePayer } from '../fee-payer.ts'
import type { Tracker } from '../landing/tracker.ts'
import type { Composing } from '../signing/compose.ts'
import type { Halted } from './halted.ts'
import type { managedMetrics } from './managed.ts'
import type { PriceWatch } from './price-watch.ts'
import type { Rejections } from './rejections.ts'

/** What every action works with. */
export interface Settling {
  readonly deps: SettlementDeps
  readonly feePayer: FeePayer
  readonly tracker: Tracker
  readonly composing: Composing
  /** Runs the account soon. */
  wake(accountId: string): void
  readonly prices: PriceWatch
  readonly halted: Halted
  readonly rejections: Rejections
  /** What the venue said of transactions that it was to land, by signature, where nothing is known by it. A hint too. */
  readonly silentVenues: LRUCache<string, string>
  readonly managed: ReturnType<typeof managedMetrics>
  /** Signatures of our own transactions, as far as this process has seen them. A hint too. */
  readonly ours: { add(signature: string): void; has(signature: string): boolean; drop(signature: string): void }
  /** Landings of what was taken to be over. */
  readonly late: Counter<'contradicts'>
}

/** How an action left its account. */
export type Outcome =
  /** The fold has changed (or may have): look at the agenda again. */
  | { readonly kind: 'changed' }
  /** Nothing to be done before this many ms. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** The tracker, a price or an event wakes the account. */
  | { readonly kind: 'watched' }

export const CHANGED: Outcome = { kind: 'changed' }
export const WATCHED: Outcome = { kind: 'watched' }
export const wait = (ms: number): Outcome => ({ kind: 'wait', ms })

/** How long to wait before asking an absent service again. */
export const AWAY_MS = 500

export interface Issue {
  readonly accountId: string
  /** Order number, `d-<depositId>` or `wallet`: correlates everything that is done for it. */
  readonly ref: string
  /** Unique in the account's stream. */
  readonly commandId: string
}

export type Issued =
  | { readonly kind: 'applied'; readonly state: AccountState }
  /** The account did not want it any more; nothing was appended. */
  | { readonly kind: 'declined'; readonly reason: string }
  /** Not known yet, or the store is away: look again later. */
  | { readonly kind: 'unanswered'; readonly detail: string }

/** Gives the account a command in settlement's name. */
export const issue = async (
  { deps }: { readonly deps: Pick<SettlementDeps, 'handler' | 'clock'> },
  command: AccountCommand,
  { accountId, ref, commandId }: Issue,
): Promise<Issued> => {
  const executed = await deps.handler.execute(accountId, command, {
    commandId,
    correlationId: `${accountId}.${ref}`,
    causationId: `${accountId}.${ref}`,
    actor: 'settlement',
    time: deps.clock.now(),
  })
  switch (executed.kind) {
    case 'unknown':
      return { kind: 'unanswered', detail: `outcome unknown (${executed.operationId})` }
    case 'unavailable':
      return { kind: 'unanswered', detail: executed.detail }
    case 'answered': {
      const { answer, state } = executed
      if (answer.kind === 'ignored') return { kind: 'declined', reason: answer.reason }
      if (answer.kind === 'refused') return { kind: 'declined', reason: answer.refusal.code }
      return { kind: 'applied', state }
    }
    default:
      return executed satisfies never
  }
}

/** What an action makes of a command's answer when it has nothing more to do. */
export const afterIssue = ({ deps }: Settling, issued: Issued, command: string, { accountId, ref }: Issue): Outcome => {
  if (issued.kind === 'applied') return CHANGED
  deps.log.warn({ accountId, ref, command, ...told(issued) }, 'command not applied')
  return issued.kind === 'declined' ? WATCHED : wait(AWAY_MS)
}

const told = (issued: Exclude<Issued, { kind: 'applied' }>) =>
  issued.kind === 'declined' ? { declined: issued.reason } : { unanswered: issued.detail }
