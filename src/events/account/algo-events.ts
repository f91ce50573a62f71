import { z } from 'zod'
import { At, InstrumentTerms, Price, SIDES, Units } from '../fields.ts'

/** How an algo cuts its order: into equal times, or into what it shows at a time. */
export const AlgoPlan = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('twap'), slices: z.number().int().positive(), intervalMs: z.number().int().positive() }),
  z.object({ kind: z.literal('iceberg'), displayQty: Units }),
])
export type AlgoPlan = z.infer<typeof AlgoPlan>

/** An order to be executed in slices. It reserves nothing itself: each slice is an order of its own that does. */
export const AlgoStarted = z.object({
  algoId: z.string(),
  /** SHA-256 of the canonical terms, first 32 hex. */
  termsHash: z.string(),
  side: z.enum(SIDES),
  /** Base units in all, and the step that a slice is a multiple of. */
  quantity: Units,
  lotSize: Units,
  /** No slice trades at a worse one; null: by slippage from the market at its time. */
  price: Price.nullable(),
  maxSlippageBps: z.number().int().nonnegative(),
  strategyId: z.string().nullable(),
  plan: AlgoPlan,
  instrument: InstrumentTerms,
  at: At,
})

/** No slice is placed until it is resumed; what is placed already goes on. */
export const AlgoPaused = z.object({ algoId: z.string(), at: At })
/** The times of the slices to come move by the length of the pause. */
export const AlgoResumed = z.object({ algoId: z.string(), at: At })

/** No further slice; the algo ends once its last one has. */
export const AlgoCancelRequested = z.object({ algoId: z.string(), text: z.string(), at: At })

/** A slice whose time came with nothing to place: the ones before it are ahead of the schedule. */
export const AlgoSliceSkipped = z.object({ algoId: z.string(), slice: z.number().int().nonnegative(), at: At })

/** Nothing more will be placed. `executed` is what its slices had executed by then, base units. */
export const AlgoEnded = z.object({
  algoId: z.string(),
  status: z.enum(['Completed', 'Canceled', 'Failed']),
  text: z.string().nullable(),
  executed: Units,
  at: At,
})
