import type { Chain, FinalizedHeight, SignatureState } from './chain.ts'
import { readNonceAccount } from './nonce-account.ts'

export interface AbsenceProof {
  readonly endpoint: string
  readonly finalizedHeight: number
  readonly slot: number
  /** What the nonce account holds there, finalised; null: it is gone. Only where a nonce is asked about. */
  readonly nonce?: string | null
}

export type Absence =
  /** No block up to the asked height, or slot, has it, on a quorum of endpoints: it can't come any more. */
  | { readonly kind: 'proven'; readonly proof: readonly AbsenceProof[] }
  | { readonly kind: 'found'; readonly state: SignatureState }
  /** The chain has not finalised that far: wait. */
  | { readonly kind: 'too_early'; readonly finalizedHeight: number }
  /** Finalised far enough somewhere, but too few endpoints can tell. */
  | { readonly kind: 'unproven'; readonly reason: string }

/** Two independent witnesses where two are configured: a lagging or lying node alone must not cause a second signature. */
const QUORUM = 2

/** How far the chain must have finalised: past the last height of the signature's blockhash, or past a slot. */
export type Beyond =
  | {
      readonly height: number
      /** Of the signature, where it is known: a witness that would still take it is none, whatever heights were told. */
      readonly blockhash?: string | undefined
    }
  | { readonly slot: number }

/**
 * Proves that a signature is not on the chain and never will be: finalised past `beyond` on min(2, configured) endpoints, and each
 * of them, asked afterwards with history at a slot not below that finalised one, knows nothing of it and takes its blockhash no more.
 */
export const proveAbsence = async (chain: Chain, signature: string, beyond: Beyond): Promise<Absence> => {
  const heights = await chain.finalizedHeights()
  const past = heights.filter((h) => ('height' in beyond ? h.height > beyond.height : h.slot > beyond.slot))
  if (past.length === 0) return { kind: 'too_early', finalizedHeight: Math.max(0, ...heights.map((h) => h.height)) }
  const quorum = Math.min(QUORUM, chain.endpoints().length)
  const proof: AbsenceProof[] = []
  const answers = await Promise.all(past.map((witness) => ask(chain, signature, beyond, witness)))
  for (const answer of answers) {
    if (answer === undefined) continue
    if ('state' in answer) return { kind: 'found', state: answer.state }
    if ('stillValid' in answer) return { kind: 'unproven', reason: 'an endpoint would still take its blockhash' }
    proof.push(answer)
  }
  return proof.length >= quorum
    ? { kind: 'proven', proof }
    : { kind: 'unproven', reason: `${proof.length} of ${quorum} endpoints can prove it absent` }
}

const STILL_VALID = { stillValid: true } as const

const ask = async (chain: Chain, signature: string, beyond: Beyond, { endpoint, height, slot }: FinalizedHeight) => {
  const blockhash = 'blockhash' in beyond ? beyond.blockhash : undefined
  // The blockhash first: were it asked after the status, the transaction could land in between.
  const valid = blockhash === undefined ? undefined : await chain.blockhashValidAt(endpoint, blockhash)
  const answer = await chain.statusAt(endpoint, signature)
  if (!answer.ok || answer.value.slot < slot) return undefined
  if (answer.value.state) return { state: answer.value.state }
  if (valid && !valid.ok) return undefined
  return valid?.value ? STILL_VALID : { endpoint, finalizedHeight: height, slot }
}

/** A transaction that lives by a durable nonce: it can land for as long as the account holds this value. */
export interface OverNonce {
  readonly account: string
  readonly value: string
  /** Slot at which the value was read: what an endpoint finalised before it tells of the value before. */
  readonly minSlot: number
}

/**
 * Proves that a transaction over a nonce is not on the chain and never will be: on min(2, configured) endpoints the account is finalised
 * with another value, at or after the slot at which this one was read, and each of them, asked afterwards with history, knows nothing of
 * the signature. `unspent`: an endpoint still has the value, so it can land until somebody advances the nonce.
 */
export const proveNonceSpent = async (
  chain: Chain,
  signature: string,
  over: OverNonce,
): Promise<Absence | { readonly kind: 'unspent' }> => {
  const heights = await chain.finalizedHeights()
  const answers = await Promise.all(heights.map((witness) => askNonce(chain, signature, over, witness)))
  const proof: AbsenceProof[] = []
  for (const answer of answers) {
    if (answer === undefined || answer === UNSPENT) continue
    if ('state' in answer) return { kind: 'found', state: answer.state }
    proof.push(answer)
  }
  const quorum = Math.min(QUORUM, chain.endpoints().length)
  if (proof.length >= quorum) return { kind: 'proven', proof }
  if (answers.includes(UNSPENT)) return { kind: 'unspent' }
  return { kind: 'unproven', reason: `${proof.length} of ${quorum} endpoints can tell that the nonce is another` }
}

const UNSPENT = 'unspent'

const askNonce = async (chain: Chain, signature: string, over: OverNonce, { endpoint, height }: FinalizedHeight) => {
  const held = await chain.finalizedAccountAt(endpoint, over.account)
  if (!held.ok || held.value.slot < over.minSlot) return undefined
  const value = readNonceAccount(held.value.account)?.value ?? null
  if (value === over.value) return UNSPENT
  const { slot } = held.value
  const answer = await chain.statusAt(endpoint, signature)
  if (!answer.ok || answer.value.slot < slot) return undefined
  return answer.value.state ? { state: answer.value.state } : { endpoint, finalizedHeight: height, slot, nonce: value }
}
