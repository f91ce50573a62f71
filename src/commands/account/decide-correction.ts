import type { AccountEvent } from '../../events/account/account-event.ts'
import {
  CORRECTION_VALID_MS,
  type CorrectionCommand,
  type CorrectionState,
  correctionCommandId,
  correctionDocument,
  correctionTermsHash,
  MAX_OPEN_CORRECTIONS,
} from '../ledger/correction.ts'
import { walletHolding } from '../ledger/wallet-holding.ts'
import { inFlight } from '../transaction/attempt-state.ts'
import { done, ignored, refused, repeated } from './answers.ts'
import type { Decision } from './command.ts'
import { findKnown, isKnown } from './known-ids.ts'
import type { AccountState } from './state.ts'

type CommandOf<T extends CorrectionCommand['type']> = Extract<CorrectionCommand, { type: T }>

export const decideCorrection = (state: AccountState, accountId: string, command: CorrectionCommand, at: number): Decision => {
  switch (command.type) {
    case 'CompareWithChain':
      return compare(state, command, at)
    case 'RequestCorrection':
      return request(state, accountId, command, at)
    case 'ApproveCorrection':
      return withOpen(state, command.correctionId, (open) => approve(state, accountId, open, command.by, at))
    case 'RejectCorrection':
      return withOpen(state, command.correctionId, (open) => {
        const { correctionId, by, reason } = command
        const event = { type: 'LedgerCorrectionRejected', data: { correctionId, by, reason, expired: false, at } } as const
        return answer(accountId, open, [event], { status: 'rejected', decidedBy: by, decision: reason })
      })
    case 'ExpireCorrection': {
      const open = state.corrections.get(command.correctionId)
      if (!open) return ignored('the correction does not wait any more')
      return at < open.expiresAt ? ignored('not yet') : done(expire(open, at))
    }
    default:
      return command satisfies never
  }
}

/**
 * Held against this very fold, whatever has come in between: an open attempt may have landed already, and of a landing that is not final
 * yet a node may show more than its slot says, so nothing can be said before their end. What differs is on record once; by another amount, anew.
 */
const compare = (state: AccountState, { asset, chain, slot }: CommandOf<'CompareWithChain'>, at: number): Decision => {
  const open = state.divergences.get(asset)
  const ledger = walletHolding(state, asset, slot)
  if (open && open.chain - open.ledger === chain - ledger) return ignored('on record')
  if (!open && chain === ledger) return ignored('equal')
  if (inFlight(state)) return ignored('an attempt is open, or its landing not final')
  const told = { asset, ledger: ledger.toString(), chain: chain.toString(), slot, at }
  const resolution = chain === ledger ? 'equal' : 'changed'
  const resolved: AccountEvent[] = open
    ? [{ type: 'LedgerDivergenceResolved', data: { divergenceId: open.divergenceId, resolution, ...told } }]
    : []
  const revision = state.revision + BigInt(resolved.length) + 1n
  return chain === ledger
    ? done(...resolved)
    : done(...resolved, { type: 'LedgerDivergenceFound', data: { divergenceId: `${asset}-${revision}`, ...told } })
}

const request = (
  state: AccountState,
  accountId: string,
  { correctionId, asset, amount, reason, by }: CommandOf<'RequestCorrection'>,
  at: number,
): Decision => {
  const hash = correctionTermsHash(asset.asset, amount, reason)
  const known = knownCorrection(state, correctionId, hash)
  if (known === 'other_terms') return refused('duplicate_correction_id', `${correctionId} was used with other terms`)
  if (known) return repeated(known.revision)
  if (state.corrections.size >= MAX_OPEN_CORRECTIONS)
    return refused('rate_limited', `${MAX_OPEN_CORRECTIONS} corrections of the account wait for a second actor`)
  const open: CorrectionState = {
    correctionId,
    asset: asset.asset,
    decimals: asset.decimals,
    amount,
    reason,
    by,
    expiresAt: at + CORRECTION_VALID_MS,
    requestedRevision: state.revision + 1n,
  }
  const data = { correctionId, asset: asset.asset, decimals: asset.decimals, amount: amount.toString(), reason, by, at }
  const event = { type: 'LedgerCorrectionRequested', data: { ...data, expiresAt: open.expiresAt } } as const
  return answer(accountId, open, [event], { status: 'requested' })
}

const knownCorrection = (state: AccountState, correctionId: string, hash: string) => {
  const open = state.corrections.get(correctionId)
  if (!open) return findKnown(state, correctionCommandId(correctionId), hash)
  const same = correctionTermsHash(open.asset, open.amount, open.reason) === hash
  return same ? { revision: open.requestedRevision } : ('other_terms' as const)
}

const withOpen = (state: AccountState, correctionId: string, then: (open: CorrectionState) => Decision): Decision => {
  const open = state.corrections.get(correctionId)
  if (open) return then(open)
  return isKnown(state, correctionCommandId(correctionId))
    ? refused('already_ended', 'the correction was decided')
    : refused('not_found', 'no such correction')
}

const approve = (state: AccountState, accountId: string, open: CorrectionState, by: string, at: number): Decision => {
  if (at >= open.expiresAt) return refused('already_ended', 'the request has expired', { events: [expire(open, at)] })
  if (open.by === by) return refused('second_actor_required', 'whoever asked for a correction cannot approve it')
  const { correctionId, asset, amount, reason, requestedRevision } = open
  const divergenceId = state.divergences.get(asset)?.divergenceId ?? null
  const event: AccountEvent = {
    type: 'LedgerCorrected',
    data: {
      correctionId,
      asset,
      amount: amount.toString(),
      reason,
      requestedBy: open.by,
      approvedBy: by,
      request: requestedRevision.toString(),
      divergenceId,
      compensates: {
        cause: {
          type: divergenceId === null ? 'LedgerCorrectionRequested' : 'LedgerDivergenceFound',
          ref: divergenceId ?? correctionId,
          attempt: null,
        },
        command: correctionCommandId(correctionId),
        reverses: 'balance',
        effect: { asset, amount: amount.toString() },
      },
      at,
    },
  }
  return answer(accountId, open, [event], { status: 'corrected', decidedBy: by })
}

const expire = ({ correctionId }: CorrectionState, at: number): AccountEvent => ({
  type: 'LedgerCorrectionRejected',
  data: { correctionId, by: 'system', reason: 'nobody approved it in time', expired: true, at },
})

const answer = (
  accountId: string,
  open: CorrectionState,
  events: readonly AccountEvent[],
  decided: Parameters<typeof correctionDocument>[2],
): Decision => ({
  events,
  answer: { kind: 'document', document: correctionDocument(accountId, open, decided), first: decided.status === 'requested' },
})
