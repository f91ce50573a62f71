import { z } from 'zod'
import { At } from '../fields.ts'

/** The account's open orders are cancelled at the deadline unless the switch is armed again or disarmed before. */
export const DeadManArmed = z.object({ timeoutMs: z.number().int().positive(), deadline: At, at: At })

/** The trader took the switch off. */
export const DeadManDisarmed = z.object({ at: At })

/** The deadline passed unanswered: every open order ends in the same append, or as soon as its attempt has. Off until armed anew. */
export const DeadManFired = z.object({ deadline: At, at: At })
