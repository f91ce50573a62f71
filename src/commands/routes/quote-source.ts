import type { PriceCitation } from '../../events/fields.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import type { OrderRequest } from '../order/order-request.ts'

/** Prices and routes as the write side asks for them; the venue's side implements it. */
export interface QuoteSource {
  /** The newest mid price; undefined when there is none of the last 2 s. */
  mid(symbol: string): PriceCitation | undefined
  /** Whether the venue can fill the order; `unavailable` when it does not say. Never rejects. */
  route(request: OrderRequest, instrument: Instrument): Promise<'available' | 'none' | 'unavailable'>
}
