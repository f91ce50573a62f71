import { z } from 'zod'
import { parseScope } from '../../events/scope.ts'
import { HOUSE, ID_PATTERN } from '../../events/streams.ts'

/** An id a client gives: letters, digits, _ and -. */
export const ClientId = z.string().regex(ID_PATTERN, 'must be 1 to 48 of A-Z a-z 0-9 _ -')
/** An account id; the ledger's own account can't be one. */
export const AccountIdField = ClientId.refine((id) => id !== HOUSE, `"${HOUSE}" is reserved`)

/** A positive decimal as a string: plain, at most 20 digits before the point and 18 after. */
export const PositiveDecimal = z
  .string({ error: 'must be a decimal string' })
  .regex(/^(0|[1-9]\d{0,19})(\.\d{1,18})?$/, 'must be a plain decimal of at most 20 integer and 18 fraction digits')
  .refine((text) => /[1-9]/.test(text), 'must be greater than 0')

export const SymbolField = z.string().regex(/^[A-Za-z0-9._-]{1,20}\/[A-Za-z0-9._-]{1,20}$/, 'must be BASE/QUOTE')
export const AssetField = z.string().regex(/^[A-Za-z0-9._-]{1,20}$/, 'must be the name of an asset')

/** `global`, `account:<id>`, `strategy:<id>` or `instrument:<symbol>`. */
export const ScopeField = z
  .string()
  .refine((text) => parseScope(text) !== undefined, 'must be global, account:<id>, strategy:<id> or instrument:<symbol>')
/**
 * Why an operator does it: on record for ever, so something has to be said. Half of a surrogate pair is no character: the log would keep it
 * and a database could not, so that its row would never again be what the log says.
 */
export const ReasonField = z.string().regex(/^(?=.*\S)[^\p{Cc}\p{Cs}]{1,200}$/u, 'must be 1 to 200 printable characters')
