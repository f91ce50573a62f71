import {
  createAssociatedTokenAccountIdempotentInstruction,
  createMintToInstruction,
  createSyncNativeInstruction,
  NATIVE_MINT,
} from '@solana/spl-token'
import { PublicKey, SystemProgram, type TransactionInstruction } from '@solana/web3.js'
import type { AccountState } from '../../commands/account/state.ts'
import type { DepositState } from '../../commands/ledger/deposit.ts'
import { tokenAccountOf } from '../../rpc/account-reads.ts'
import type { Action } from '../agenda.ts'
import { compose } from '../signing/compose.ts'
import { nonceOf } from '../signing/nonce.ts'
import { barredFrom } from './halted.ts'
import { recordSigned } from './record-signed.ts'
import { AWAY_MS, afterIssue, issue, type Outcome, type Settling, WATCHED, wait } from './settling.ts'

/** Lets the faucet, or what came to the wallet itself, fill the wallet's token account, by a transaction that is fenced like every other. */
export const attemptDeposit = async (
  settling: Settling,
  accountId: string,
  state: AccountState,
  { deposit, ref, attempt }: Extract<Action, { kind: 'deposit' }>,
): Promise<Outcome> => {
  const { deps, feePayer } = settling
  // Native SOL that came unasked is the wallet's own to give.
  const source = deposit.source === 'wallet' ? deps.keystore.wallet(accountId).signer : deps.faucet
  if (!source) return fail(settling, accountId, deposit, 'NO_FAUCET')
  if (deposit.amount > MAX_TOKEN_AMOUNT) return fail(settling, accountId, deposit, 'AMOUNT_TOO_LARGE')
  const wallet = state.wallet?.publicKey
  if (wallet === undefined || !feePayer.ready()) return wait(AWAY_MS)
  if (barredFrom(settling.deps.rules, state, ref) !== undefined) {
    settling.halted.add(accountId)
    return WATCHED
  }

  const payer = feePayer.signer
  const composed = await compose(
    {
      payer,
      instructions: fillAccount(deposit, { wallet, payer: payer.publicKey, source: source.publicKey }),
      lookupTables: [],
      shape: `deposit|${deposit.source}|${deposit.mint}`,
      nonce: nonceOf(ref, attempt),
      minSlot: 0,
      doubtful: attempt > 1,
    },
    settling.composing,
  )
  switch (composed.kind) {
    case 'unavailable':
      deps.log.warn({ accountId, ref, detail: composed.detail }, 'the chain is away; the deposit waits')
      return wait(AWAY_MS)
    case 'rejected': {
      const count = settling.rejections.add(accountId, ref)
      deps.log.warn({ accountId, ref, error: composed.error, logs: composed.logs, count }, 'a deposit fails in simulation')
      // What lies in the wallet is never given up; with more there it may be another's turn first, for the sake of the wallet's rent.
      if (count < MAX_REJECTIONS || deposit.source === 'wallet') return wait(AWAY_MS * Math.min(count, MAX_REJECTIONS))
      settling.rejections.clear(accountId, ref)
      return fail(settling, accountId, deposit, `FAUCET_FAILED ${composed.error}`)
    }
    case 'ready':
      settling.rejections.clear(accountId, ref)
      return recordSigned(settling, composed, {
        accountId,
        state,
        ref,
        attempt,
        purpose: 'deposit',
        quoted: null,
        signers: [payer, source],
      })
    default:
      return composed satisfies never
  }
}

/** Token amounts are 64 bits wide on the chain. */
const MAX_TOKEN_AMOUNT = 2n ** 64n - 1n
const MAX_REJECTIONS = 5

interface Keys {
  readonly wallet: string
  readonly payer: string
  readonly source: string
}

/** Tokens are minted. SOL is sent to the wrapped account by its source itself: the platform's own SOL pays fees and rent alone. */
const fillAccount = ({ mint, amount }: DepositState, keys: Keys): TransactionInstruction[] => {
  const account = tokenAccountOf({ owner: keys.wallet, mint })
  const [mintKey, source] = [new PublicKey(mint), new PublicKey(keys.source)]
  const create = createAssociatedTokenAccountIdempotentInstruction(new PublicKey(keys.payer), account, new PublicKey(keys.wallet), mintKey)
  return mintKey.equals(NATIVE_MINT)
    ? [create, SystemProgram.transfer({ fromPubkey: source, toPubkey: account, lamports: amount }), createSyncNativeInstruction(account)]
    : [create, createMintToInstruction(mintKey, account, source, amount)]
}

const fail = async (settling: Settling, accountId: string, { depositId }: DepositState, reason: string): Promise<Outcome> => {
  const as = { accountId, ref: `d-${depositId}`, commandId: `fail-${depositId}` }
  return afterIssue(settling, await issue(settling, { type: 'FailDeposit', depositId, reason }, as), 'FailDeposit', as)
}
