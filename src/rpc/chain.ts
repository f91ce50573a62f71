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
  /** Signed first: nobody else can have made it pay. */
  readonly feePayer: string
  /** Changes of native balances. */
  readonly lamports: readonly { readonly address: string; readonly amount: bigint }[]
}

export interface Simulation {
  readonly error: string | null
  readonly unitsConsumed: number
  readonly logs: readonly string[]
  /** The accounts asked for as they would be afterwards, in the order asked; undefined: there would be none. */
  readonly accounts: readonly (AccountImage | undefined)[]
}

/** An account's content at one moment. */
export interface AccountImage {
  readonly lamports: bigint
  /** The program that owns it. */
  readonly owner: string
  readonly data: Uint8Array
}

export interface SignatureRange {
  readonly before?: string | undefined
  readonly until?: string | undefined
  /** 1 to 1,000. */
  readonly limit: number
}

export interface SignatureOf {
  readonly signature: string
  readonly slot: number
  readonly failed: boolean
}

/** How far one endpoint has finalised. */
export interface FinalizedHeight {
  /** Empty where it does not matter who said it. */
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
  /**
   * `suspect`: its last call failed; `set_aside`: its breaker is open; `limited`: it asked for a pause; `behind`: it lags by slots;
   * `ahead`: it claims slots that no other endpoint has reached.
   */
  readonly state: 'healthy' | 'suspect' | 'set_aside' | 'limited' | 'behind' | 'ahead'
  /** It can be relied on; one that only asked for a pause can. */
  readonly healthy: boolean
  readonly lagSlots: number
  readonly detail?: string
}

/** Solana as this product uses it, over any number of endpoints. Reads fail over; a send is never retried here. */
export interface Chain {
  /** At `confirmed`, at most a slot old: everybody who asks within one shares it. */
  latestBlockhash(): Promise<ChainAnswer<LatestBlockhash>>
  /** How far the chain has finalised, as one healthy endpoint says: to know when to look closer, proof of nothing. */
  finalizedHeight(): Promise<ChainAnswer<FinalizedHeight>>
  /** Finalised heights of the endpoints that answer, each asked by itself: witnesses for a proof. */
  finalizedHeights(): Promise<readonly FinalizedHeight[]>
  /** To every endpoint, or to the `fanout` best ones. */
  send(wire: Uint8Array, options?: { readonly fanout?: number }): Promise<SendOutcome>
  /** Any number of signatures, 256 a call; those asked for at the same time travel together. `history`: also older than the nodes' recent cache. */
  statuses(signatures: readonly string[], options?: { readonly history?: boolean }): Promise<ChainAnswer<SignatureStates>>
  /** One signature with history, asked of one named endpoint: proofs may not fail over. */
  statusAt(endpoint: string, signature: string): Promise<ChainAnswer<{ readonly slot: number; readonly state: SignatureState | null }>>
  /** Whether this endpoint would still take a transaction with the blockhash; false also from a node that has not seen it yet. */
  blockhashValidAt(endpoint: string, blockhash: string): Promise<ChainAnswer<boolean>>
  /** At `confirmed`; null when the answering node has no such transaction. */
  transaction(signature: string): Promise<ChainAnswer<ChainTransaction | null>>
  /** Runs a transaction without its signatures and with a fresh blockhash, on a node that has reached `minSlot`. */
  simulate(
    wire: Uint8Array,
    options?: { readonly minSlot?: number; readonly accounts?: readonly string[] },
  ): Promise<ChainAnswer<Simulation>>
  /** Accounts at `confirmed` in the order asked, 100 a call; undefined where there is none. */
  accounts(addresses: readonly string[]): Promise<ChainAnswer<readonly (AccountImage | undefined)[]>>
  /** Balances of the associated token accounts in the order asked, 0 where none exists; at `confirmed`, batched. */
  tokenBalances(holders: readonly TokenHolder[]): Promise<ChainAnswer<readonly bigint[]>>
  /** Accounts at `finalized` in the order asked, 100 a call; undefined where there is none. `slot`: of the newest answer. */
  finalizedAccounts(
    addresses: readonly string[],
  ): Promise<ChainAnswer<{ readonly slot: number; readonly accounts: readonly (AccountImage | undefined)[] }>>
  /** One account at `finalized`, asked of one named endpoint: proofs may not fail over. */
  finalizedAccountAt(
    endpoint: string,
    address: string,
  ): Promise<ChainAnswer<{ readonly slot: number; readonly account: AccountImage | undefined }>>
  /** Finalised transactions that name the address, newest first: before and after these signatures. */
  signaturesOf(address: string, range: SignatureRange): Promise<ChainAnswer<readonly SignatureOf[]>>
  /** Lamports at `confirmed`. */
  balance(address: string): Promise<ChainAnswer<bigint>>
  /** Least price (micro-lamports per compute unit) that was paid for the accounts' write locks, by recent slot; often 0. */
  recentPrices(writable: readonly string[]): Promise<ChainAnswer<readonly bigint[]>>
  /** Test funds where the chain gives them away; the answer is a signature. */
  airdrop(address: string, lamports: bigint): Promise<ChainAnswer<string>>
  /** Calls back when some node tells by WebSocket that the signature may have news, or that news may have been missed. A hint to look, never an answer. */
  watch(signature: string, hint: () => void): () => void
  /** Measured time of a slot, ms; undefined until slots have gone by. */
  slotMs(): number | undefined
  endpoints(): readonly EndpointHealth[]
  /** Takes an endpoint in at run time; its name. `https://host/key#weight=2&rps=40` */
  addEndpoint(url: string): string
  /** Lets calls under way end. False: unknown, or the last one. */
  removeEndpoint(endpoint: string): Promise<boolean>
  close(): Promise<void>
}
