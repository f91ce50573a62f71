import type { BuiltFor } from '../../commands/account/command.ts'
import type { AccountState } from '../../commands/account/state.ts'
import { attemptBySignature } from '../../commands/transaction/attempt-state.ts'
import type { DataOf } from '../../events/account/account-event.ts'
import type { Cosigner } from '../../rpc/venue/venue.ts'
import { type Composed, type SignedTransaction, signAll } from '../signing/compose.ts'
import { issueProven } from './issue-proven.ts'
import { AWAY_MS, CHANGED, type Outcome, type Settling, wait } from './settling.ts'

export interface ToSign {
  readonly accountId: string
  readonly state: AccountState
  readonly ref: string
  readonly attempt: number
  readonly purpose: DataOf<'TransactionSigned'>['purpose']
  readonly quoted: DataOf<'TransactionSigned'>['quoted']
  readonly signers: readonly Cosigner[]
  /** The venue lands it, asked for by this id. */
  readonly venueRequestId?: string
}

/**
 * Signs and records an attempt. Nothing is sent from here: the bytes are sent once they are read back from the account's fold.
 * When the account no longer wants the attempt, the bytes are dropped and were seen by no one.
 */
export const recordSigned = async (settling: Settling, { transaction, blockhash, nonce }: Ready, to: ToSign): Promise<Outcome> => {
  const { deps } = settling
  const { accountId, ref, attempt } = to
  // Whoever pays the fee names the transaction: bytes under somebody else's name could not be followed, nor shown to have expired.
  if (transaction.message.staticAccountKeys[0]?.toBase58() !== settling.feePayer.signer.publicKey)
    throw new Error(`attempt ${attempt} of ${ref} would be paid by somebody else`)
  let signed: SignedTransaction
  try {
    signed = await signAll(transaction, to.signers)
  } catch (error) {
    deps.log.warn({ err: error, accountId, ref, attempt }, 'not everybody signed; nothing was recorded')
    return wait(AWAY_MS)
  }
  const { signature, wire } = signed
  // Equal bytes are one transaction on the chain, whatever we think of them: the next blockhash makes them differ.
  if (attemptBySignature(to.state, signature)) return wait(deps.slotMs)
  // Whoever signs may take his time over a nonce: how long we wait for it to land counts from now.
  const now = nonce ? await deps.chain.latestBlockhash() : undefined
  const issued = await issueProven(
    settling,
    {
      type: 'RecordSigned',
      ref,
      attempt,
      signature,
      purpose: to.purpose,
      rawBytes: Buffer.from(wire).toString('base64'),
      lastValidBlockHeight: (now?.ok ? now.value : blockhash).lastValidBlockHeight,
      minSlot: blockhash.slot,
      quoted: to.quoted,
      ...builtFor(to),
      ...(nonce ? { nonce } : {}),
      ...(to.venueRequestId === undefined ? {} : { venueRequestId: to.venueRequestId }),
    },
    { accountId, ref, commandId: `sign-${signature}` },
  )
  if (issued.kind === 'applied') return CHANGED
  deps.log.info(
    { accountId, ref, attempt, because: issued.kind === 'declined' ? issued.reason : issued.detail },
    'signed bytes dropped unsent',
  )
  return wait(AWAY_MS)
}

/** The decider holds it against the order as it is when the bytes are recorded. */
const builtFor = ({ state, ref, purpose }: ToSign): { readonly builtFor?: BuiltFor } => {
  const order = purpose === 'swap' ? state.orders.get(Number(ref)) : undefined
  return order ? { builtFor: { clOrdId: order.lastClOrdId, cumQty: order.cumQty, cumQuote: order.cumQuote } } : {}
}

type Ready = Extract<Composed, { kind: 'ready' }>
