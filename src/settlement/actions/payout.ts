import { createAssociatedTokenAccountIdempotentInstruction, createTransferCheckedInstruction } from '@solana/spl-token'
import { PublicKey, type TransactionInstruction } from '@solana/web3.js'
import type { AccountState } from '../../commands/account/state.ts'
import type { PayoutState } from '../../commands/ledger/payout.ts'
import { awaitingFinality } from '../../commands/transaction/attempt-state.ts'
import { tokenAccountOf } from '../../rpc/account-reads.ts'
import type { Action } from '../agenda.ts'
import { compose } from '../signing/compose.ts'
import { nonceOf } from '../signing/nonce.ts'
import { recordSigned } from './record-signed.ts'
import { AWAY_MS, afterIssue, issue, type Outcome, type Settling, wait } from './settling.ts'

/** Build → simulate → sign → record, for a withdrawal or a transfer that is to be sent: tokens from the account's wallet to another owner's. */
export const attemptPayout = async (
  settling: Settling,
  accountId: string,
  state: AccountState,
  { payout, ref, attempt }: Extract<Action, { kind: 'payout' }>,
): Promise<Outcome> => {
  const { deps, feePayer } = settling
  const wallet = deps.keystore.wallet(accountId).signer
  if (wallet.publicKey !== state.wallet?.publicKey) throw new Error(`the keystore is not the one that account ${accountId} was opened with`)
  if (!feePayer.ready()) return wait(AWAY_MS)
  // The receiver's wallet follows from its id, whether it was assigned already or not.
  const owner = payout.kind === 'withdrawal' ? payout.to : deps.keystore.wallet(payout.to).signer.publicKey
  const payer = feePayer.signer
  const composed = await compose(
    {
      payer,
      instructions: payTokens(payout, { from: wallet.publicKey, to: owner, payer: payer.publicKey }),
      lookupTables: [],
      shape: `payout|${payout.mint}`,
      nonce: nonceOf(ref, attempt),
      minSlot: Math.max(0, ...awaitingFinality(state).map((landed) => landed.slot ?? 0)),
      // Money leaves: one look is cheaper than a fee.
      doubtful: true,
    },
    settling.composing,
  )
  switch (composed.kind) {
    case 'unavailable':
      deps.log.warn({ accountId, ref, detail: composed.detail }, 'the chain is away; the payout waits')
      return wait(AWAY_MS)
    case 'rejected': {
      const count = settling.rejections.add(accountId, ref)
      deps.log.warn({ accountId, ref, error: composed.error, logs: composed.logs, count }, 'a payout fails in simulation')
      if (count < MAX_REJECTIONS) return wait(AWAY_MS * count)
      settling.rejections.clear(accountId, ref)
      const as = { accountId, ref, commandId: `fail-${ref}` }
      return afterIssue(settling, await issue(settling, { type: 'FailPayout', ref, reason: composed.error }, as), 'FailPayout', as)
    }
    case 'ready':
      settling.rejections.clear(accountId, ref)
      return recordSigned(settling, composed, {
        accountId,
        state,
        ref,
        attempt,
        purpose: payout.kind,
        quoted: null,
        signers: [payer, wallet],
      })
    default:
      return composed satisfies never
  }
}

/** A payout that fails in simulation this often in a row is given up: its funds are available again. */
const MAX_REJECTIONS = 5

interface Owners {
  readonly from: string
  readonly to: string
  readonly payer: string
}

const payTokens = ({ mint, amount, decimals }: PayoutState, { from, to, payer }: Owners): TransactionInstruction[] => {
  const [source, target] = [tokenAccountOf({ owner: from, mint }), tokenAccountOf({ owner: to, mint })]
  const [mintKey, fromKey] = [new PublicKey(mint), new PublicKey(from)]
  return [
    createAssociatedTokenAccountIdempotentInstruction(new PublicKey(payer), target, new PublicKey(to), mintKey),
    createTransferCheckedInstruction(source, mintKey, target, fromKey, amount, decimals),
  ]
}
