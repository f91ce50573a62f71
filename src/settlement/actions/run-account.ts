import type { AccountState } from '../../commands/account/state.ts'
import { type Action, agenda } from '../agenda.ts'
import { runAlgo } from './algo.ts'
import { assignWallet } from './assign-wallet.ts'
import { deliverTransfer } from './deliver.ts'
import { attemptDeposit } from './deposit.ts'
import { finalizeAttempts } from './finalize.ts'
import { followAttempt } from './follow.ts'
import { attemptPayout } from './payout.ts'
import { type Outcome, type Settling, WATCHED } from './settling.ts'
import { attemptSwap } from './swap.ts'
import { keepTime } from './timer.ts'
import { watchPrice } from './watch.ts'

export interface AccountPass {
  /** Nothing to do at this revision: the account may leave the index. */
  readonly idleAt: bigint | undefined
  /** Ask again after this many ms; undefined: something else will wake the account. */
  readonly againMs: number | undefined
}

export interface PassOptions {
  /** Newest revision the subscription has shown: an older fold is read again. */
  readonly seen: bigint
  /** Whether this worker still owns the account. */
  readonly owned: () => boolean
}

/** Works off an account's agenda until nothing changes any more. Every action starts from the account's fold as it is then. */
export const runAccount = async (settling: Settling, accountId: string, { seen, owned }: PassOptions): Promise<AccountPass> => {
  let againMs: number | undefined
  for (let pass = 0; pass < MAX_PASSES && owned(); pass++) {
    againMs = undefined
    const start = await loadAt(settling, accountId, seen)
    const actions = agenda(start)
    keepWatched(settling, accountId, actions)
    if (actions.length === 0) return { idleAt: start.revision, againMs: undefined }
    let changed = false
    for (const planned of withoutFinality(actions)) {
      if (!owned()) return { idleAt: undefined, againMs: undefined }
      const state = await loadAt(settling, accountId, seen)
      const action = state === start ? planned : agenda(state).find((each) => keyOf(each) === keyOf(planned))
      const outcome = action ? await perform(settling, accountId, state, action) : WATCHED
      if (outcome.kind === 'changed') changed = true
      if (outcome.kind === 'wait') againMs = Math.min(againMs ?? outcome.ms, outcome.ms)
    }
    const landed = actions.flatMap((action) => (action.kind === 'finalize' ? [action.attempt] : []))
    const finality = landed.length > 0 ? await finalizeAttempts(settling, accountId, landed) : WATCHED
    if (finality.kind === 'wait') againMs = Math.min(againMs ?? finality.ms, finality.ms)
    if (!changed && finality.kind !== 'changed') return { idleAt: undefined, againMs }
  }
  return { idleAt: undefined, againMs: againMs ?? 0 }
}

/** Sign, send, book and finish take four; an account that changes longer than that lets others run in between. */
const MAX_PASSES = 6

const loadAt = async ({ deps }: Settling, accountId: string, seen: bigint): Promise<AccountState> => {
  const state = await deps.handler.load(accountId)
  return state.revision >= seen ? state : deps.handler.load(accountId, { fresh: true })
}

const withoutFinality = (actions: readonly Action[]): readonly Action[] => actions.filter(({ kind }) => kind !== 'finalize')

const perform = (settling: Settling, accountId: string, state: AccountState, action: Action): Promise<Outcome> => {
  switch (action.kind) {
    case 'assign_wallet':
      return assignWallet(settling, accountId)
    case 'follow':
      return followAttempt(settling, accountId, state, action.attempt)
    case 'finalize':
      return finalizeAttempts(settling, accountId, [action.attempt])
    case 'deposit':
      return attemptDeposit(settling, accountId, state, action)
    case 'payout':
      return attemptPayout(settling, accountId, state, action)
    case 'deliver':
      return deliverTransfer(settling, accountId, action)
    case 'swap':
      return attemptSwap(settling, accountId, state, action)
    case 'watch':
      return watchPrice(settling, accountId, state, action)
    case 'algo':
      return runAlgo(settling, accountId, action)
    case 'timer':
      return keepTime(settling, accountId, action)
    default:
      return action satisfies never
  }
}

const keyOf = (action: Action): string => {
  switch (action.kind) {
    case 'follow':
    case 'finalize':
      return `${action.kind} ${action.attempt.signature} ${action.attempt.generation}`
    case 'deposit':
    case 'payout':
    case 'swap':
      return `${action.kind} ${action.ref} ${action.attempt}`
    case 'deliver':
      return `${action.kind} ${action.payout.ref}`
    case 'watch':
      return `${action.kind} ${action.order.number}`
    case 'algo':
      return `${action.kind} ${action.algo.algoId} ${action.step.kind} ${action.algo.next}`
    case 'timer':
      return `${action.kind} ${action.command.type} ${action.ref}`
    case 'assign_wallet':
      return action.kind
    default:
      return action satisfies never
  }
}

const keepWatched = ({ prices }: Settling, accountId: string, actions: readonly Action[]): void =>
  prices.keep(accountId, new Set(actions.flatMap((action) => (action.kind === 'watch' ? [action.order.orderId] : []))))
