import { z } from 'zod'
import { At, Price } from '../fields.ts'
import { LimitRules } from '../limit-rules.ts'

/** Limits of a scope wider than an account; they replace the ones before. */
export const LimitSet = z.object({ scope: z.string(), rules: LimitRules, by: z.string(), at: At })

/** Shares handed out: `total` is all that the account was ever granted of the measure. Outstanding shares never exceed the limit. */
export const LimitGranted = z.object({ scope: z.string(), accountId: z.string(), key: z.string(), total: Price, at: At })

/** Shares that an account had returned, free again: `total` is all that it ever returned. */
export const LimitReturned = z.object({ scope: z.string(), accountId: z.string(), key: z.string(), total: Price, at: At })
