/** A cancel or replace with a ClOrdID of its own that waits for the open attempt's end. */
export type PendingRequest =
  | { readonly kind: 'cancel'; readonly clOrdId: string }
  | { readonly kind: 'replace'; readonly clOrdId: string; readonly termsHash: string; readonly change: Change }

/** What a replace changes; null is left as it is. Base units and canonical decimals; quantities are totals that include what has traded. */
export interface Change {
  readonly orderQty: bigint | null
  readonly cashOrderQty: bigint | null
  readonly price: string | null
  readonly stopPrice: string | null
}
