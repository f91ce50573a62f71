import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import { type CorrectionState, correctionCommandId, correctionTermsHash } from '../ledger/correction.ts'
import { rememberClosed } from './known-ids.ts'
import type { AccountState } from './state.ts'

export type CorrectionEvent = Extract<AccountEvent, { type: `LedgerDivergence${string}` | `LedgerCorrect${string}` }>

/** The account's open divergences and corrections after one of their events. */
export const evolveCorrection = (state: AccountState, event: CorrectionEvent, revision: bigint): AccountState => {
  switch (event.type) {
    case 'LedgerDivergenceFound': {
      const { asset, divergenceId, ledger, chain, at } = event.data
      const open = { divergenceId, ledger: BigInt(ledger), chain: BigInt(chain), at }
      return { ...state, divergences: state.divergences.set(asset, open) }
    }
    case 'LedgerDivergenceResolved':
      return { ...state, divergences: state.divergences.delete(event.data.asset) }
    case 'LedgerCorrectionRequested':
      return { ...state, corrections: state.corrections.set(event.data.correctionId, openCorrection(event.data, revision)) }
    case 'LedgerCorrected':
    case 'LedgerCorrectionRejected':
      return close(state, event.data.correctionId)
    default:
      return event satisfies never
  }
}

export const openCorrection = (data: DataOf<'LedgerCorrectionRequested'>, revision: bigint): CorrectionState => {
  const { correctionId, asset, decimals, amount, reason, by, expiresAt } = data
  return { correctionId, asset, decimals, amount: BigInt(amount), reason, by, expiresAt, requestedRevision: revision }
}

const close = (state: AccountState, correctionId: string): AccountState => {
  const open = state.corrections.get(correctionId)
  if (!open) return state
  const { asset, amount, reason, requestedRevision } = open
  const hash = correctionTermsHash(asset, amount, reason)
  const known = rememberClosed(state, correctionCommandId(correctionId), hash, requestedRevision)
  return { ...known, corrections: state.corrections.delete(correctionId) }
}
