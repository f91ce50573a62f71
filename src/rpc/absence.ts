import type { Chain, SignatureState } from './chain.ts'

export interface AbsenceProof {
  readonly endpoint: string
  readonly finalizedHeight: number
  readonly slot: number
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

/**
 * Proves that a signature is not on the chain and never will be: finalised past `beyond` on min(2, configured) endpoints, and each
 * of them, asked afterwards with history at a slot not below that finalised one, knows nothing of it.
 */
export const proveAbsence = async (
  chain: Chain,
  signature: string,
  beyond: { readonly height: number } | { readonly slot: number },
): Promise<Absence> => {
  const heights = await chain.finalizedHeights()
  const past = heights.filter((h) => ('height' in beyond ? h.height > beyond.height : h.slot > beyond.slot))
  if (past.length === 0) return { kind: 'too_early', finalizedHeight: Math.max(0, ...heights.map((h) => h.height)) }
  const quorum = Math.min(QUORUM, chain.endpoints().length)
  const proof: AbsenceProof[] = []
  for (const { endpoint, height, slot } of past) {
    const answer = await chain.statusAt(endpoint, signature)
    if (!answer.ok || answer.value.slot < slot) continue
    if (answer.value.state) return { kind: 'found', state: answer.value.state }
    proof.push({ endpoint, finalizedHeight: height, slot })
  }
  return proof.length >= quorum
    ? { kind: 'proven', proof }
    : { kind: 'unproven', reason: `${proof.length} of ${quorum} endpoints can prove it absent` }
}
