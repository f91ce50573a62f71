import type { TokenDelta } from '../events/account/transaction-events.ts'

/** Why a call gave no value. `unavailable`: no endpoint could answer now, ask again later; `refused`: the chain answered no. */
export type ChainError =
  | { readonly kind: 'unavailable'; readonly detail: string }
  | { readonly kind: 'refused'; readonly code: number; readonly detail: string }

export type ChainAnswer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ChainError }

export interface LatestBlockhash {
  readonly blockhash: string
  /** Last block height at which a transaction with it can still land. */
  readonly lastValidBlockHeight: number
  /** Slot it was read at: a node below it knows nothing of a transaction that uses it. */
  readonly slot: number
}

/** One signature's state as a node sees it; `error` null: executed without error. */
export interface SignatureState {
  readonly slot: number
  readonly commitment: 'processed' | 'confirmed' | 'finalized'
  readonly error: string | null
}

/** Statuses in the order asked; null: this node knows none. `slot`: how far the answering node was. */
export interface SignatureStates {
  readonly slot: number
  readonly states: readonly (SignatureState | null)[]
}

/** An executed transaction with what it changed. Amounts in base units and lamports. */
export interface ChainTransaction {
  readonly slot: number
  readonly error: string | null
  /** Base and priority fee. */
  readonly fee: bigint
  /** What the fee payer lost beyond the fee: rent of the accounts this transaction created. Never negative. */
  readonly rent: bigint
  readonly deltas: readonly TokenDelta[]
}

export interface Simulation {
  readonly error: string | null
  readonly unitsConsumed: number
  readonly logs: readonly string[]
}

/** How far one endpoint has finalised. */
export interface FinalizedHeight {
  readonly endpoint: string
  readonly height: number
  readonly slot: number
}

export interface TokenHolder {
  readonly owner: string
  readonly mint: string
}

export interface SendOutcome {
  /** Endpoints that took the bytes; none: it may still have been forwarded, only the chain's status tells. */
  readonly accepted: readonly string[]
  readonly failures: readonly { readonly endpoint: string; readonly error: ChainError }[]
}

export interface EndpointHealth {
  readonly endpoint: string
  readonly healthy: boolean
  readonly detail?: string
}

/** Solana as this product uses it, over any number of endpoints. Reads fail over; a send goes to every endpoint and is never retried here. */
export interface Chain {
  latestBlockhash(): Promise<ChainAnswer<LatestBlockhash>>
  /** Finalised heights of the endpoints that answer. */
  finalizedHeights(): Promise<readonly FinalizedHeight[]>
  send(wire: Uint8Array): Promise<SendOutcome>
  /** At most 256 signatures. `history`: also those older than the node's recent cache. */
  statuses(signatures: readonly string[], options?: { readonly history?: boolean }): Promise<ChainAnswer<SignatureStates>>
  /** One signature with history, asked of one named endpoint: proofs may not fail over. */
  statusAt(endpoint: string, signature: string): Promise<ChainAnswer<{ readonly slot: number; readonly state: SignatureState | null }>>
  /** At `confirmed`; null when the answering node has no such transaction. */
  transaction(signature: string): Promise<ChainAnswer<ChainTransaction | null>>
  /** Runs a transaction without its signatures and with a fresh blockhash, on a node that has reached `minSlot`. */
  simulate(wire: Uint8Array, minSlot?: number): Promise<ChainAnswer<Simulation>>
  /** Balances of the associated token accounts in the order asked, 0 where none exists; at `confirmed`, batched. */
  tokenBalances(holders: readonly TokenHolder[]): Promise<ChainAnswer<readonly bigint[]>>
  /** Lamports at `confirmed`. */
  balance(address: string): Promise<ChainAnswer<bigint>>
  /** Test funds where the chain gives them away; the answer is a signature. */
  airdrop(address: string, lamports: bigint): Promise<ChainAnswer<string>>
  endpoints(): readonly EndpointHealth[]
  close(): Promise<void>
}
