import { z } from 'zod'
import { At } from '../fields.ts'

/** ACTIVE: everything; REDUCING: only what makes a position smaller; HALTED: no new order and no new signature. */
const CONTROL_STATES = ['ACTIVE', 'REDUCING', 'HALTED'] as const
export type ControlState = (typeof CONTROL_STATES)[number]

const Change = { scope: z.string(), reason: z.string(), by: z.string(), at: At }

/** Tightened, by one actor alone. */
export const ControlSet = z.object({ ...Change, state: z.enum(CONTROL_STATES) })

/** One actor asks to loosen; another one has to approve. */
export const ControlResumeRequested = z.object({ ...Change, to: z.enum(CONTROL_STATES) })

/** Loosened: `by` approved what `requestedBy` had asked for at `request` (revision of the request). */
export const ControlResumed = z.object({ ...Change, state: z.enum(CONTROL_STATES), requestedBy: z.string(), request: z.string() })
