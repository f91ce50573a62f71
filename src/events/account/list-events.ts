import { z } from 'zod'
import { Amount, At, Units } from '../fields.ts'

/** An order that was held by its list may go to work: what it waited for has been executed, and its funds are held now. */
export const OrderReleased = z.object({
  orderId: z.string(),
  /** Base units; less than it was accepted with where its parent ended with a part. Null for an order by cash. */
  orderQty: Units.nullable(),
  reserved: Amount,
  at: At,
})

/** The reservation that the legs of a list share goes to the leg that is executed: one event for each side, their amounts add up to zero. */
export const OrderReservationMoved = z.object({ orderId: z.string(), reserved: Amount, at: At })
