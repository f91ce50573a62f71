import { z } from 'zod'
import { At, Price, SetBy } from '../fields.ts'
import { LimitRules } from '../limit-rules.ts'

/** Limits of the account (`strategyId` null), or of one strategy within it; they replace the ones before. */
export const LimitsSet = z.object({ strategyId: z.string().nullable(), rules: LimitRules, at: At })

/** `total`: all that a wider limit has granted this account of a measure so far; `grant`: the event that said so. */
export const AllotmentReceived = z.object({ scope: z.string(), key: z.string(), total: Price, grant: SetBy, at: At })

/** `total`: all that the account has given back of it so far: it can't spend that any more. */
export const AllotmentReturned = z.object({ scope: z.string(), key: z.string(), total: Price, at: At })
