import type { AddressLookupTableAccount, TransactionInstruction, VersionedTransaction } from '@solana/web3.js'

/** `exact_in` spends `amount` of the input mint, `exact_out` receives `amount` of the output mint. */
export interface SwapRequest {
  readonly mode: 'exact_in' | 'exact_out'
  readonly inputMint: string
  readonly outputMint: string
  /** Base units of the fixed side. */
  readonly amount: bigint
  /** Wallet that swaps and signs. */
  readonly taker: string
}

export interface SwapQuote {
  readonly request: SwapRequest
  readonly inAmount: bigint
  readonly outAmount: bigint
  /** Names of the pools on the way. */
  readonly route: readonly string[]
}

/** Ready to be compiled into one transaction of which `payer` bears all costs. */
export interface BuiltSwap {
  readonly quote: SwapQuote
  /** What the program itself enforces: least output (exact in) or most input (exact out). */
  readonly threshold: bigint
  /** The venue's compute-unit price; never a compute-unit limit. */
  readonly computeBudget: readonly TransactionInstruction[]
  readonly instructions: readonly TransactionInstruction[]
  readonly lookupTables: readonly AddressLookupTableAccount[]
  /** Other parties that must sign the message, and do so when asked, or refuse. */
  readonly cosigners: readonly Cosigner[]
}

/** The other side of a trade. */
export interface Cosigner {
  /** Base58. */
  readonly publicKey: string
  /** Ed25519 signature (64 bytes) of the message. @throws when it does not sign, or is away */
  sign(message: Uint8Array): Promise<Uint8Array>
}

export type VenueError =
  /** Asked and answered: it cannot be traded now. */
  | { readonly kind: 'no_route'; readonly detail: string }
  /** The price moved: even without slippage the bound does not hold. */
  | { readonly kind: 'beyond_limit'; readonly detail: string }
  /** No answer, or one that can't be trusted: nothing is known, ask again later. */
  | { readonly kind: 'unavailable'; readonly detail: string }

export type VenueAnswer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: VenueError }

/** A price in US dollars per whole token as the venue gives it. */
export interface VenuePrice {
  readonly mint: string
  /** Scaled by 10^12. */
  readonly price: bigint
  /** Slot it was observed at. */
  readonly slot: number
}

/** A place to swap. Quotes decide, but nothing is ever booked from one. */
export interface SwapVenue {
  quote(request: SwapRequest): Promise<VenueAnswer<SwapQuote>>
  /** `limit`: least output (exact in) or most input (exact out) the trader accepts. */
  build(request: SwapRequest, terms: { readonly limit: bigint; readonly payer: string }): Promise<VenueAnswer<BuiltSwap>>
  /** Tokens without a reliable price are left out. */
  prices(mints: readonly string[]): Promise<VenueAnswer<readonly VenuePrice[]>>
  /** State of the last calls, for readiness. */
  health(): { readonly ready: boolean; readonly detail?: string }
  /** Where the venue lands transactions itself. */
  readonly managed?: ManagedVenue | undefined
  close(): Promise<void>
}

/** A whole transaction of the venue's making, unsigned. */
export interface ManagedOrder {
  readonly quote: SwapQuote
  /** What the program itself is said to enforce. */
  readonly threshold: bigint
  readonly transaction: VersionedTransaction
  readonly requestId: string
  /** As the venue tells; 0: it does not. */
  readonly lastValidBlockHeight: number
}

/** What the venue says of a transaction that it was to land. `unknown`: no answer, or none in time. Only the chain tells what is true. */
export interface ManagedOutcome {
  readonly kind: 'landed' | 'failed' | 'not_landed' | 'unknown'
  readonly detail: string
}

export interface ManagedVenue {
  order(request: SwapRequest, terms: { readonly limit: bigint; readonly payer: string }): Promise<VenueAnswer<ManagedOrder>>
  /** Hands signed bytes over; the same again is the same transaction. Never rejects. */
  execute(wire: Uint8Array, requestId: string): Promise<ManagedOutcome>
}
