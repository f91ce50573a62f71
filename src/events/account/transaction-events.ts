import { z } from 'zod'
import { At, Units } from '../fields.ts'

/** `ref`: the order number or `d-<depositId>`. One live attempt per ref. */
const Attempt = { ref: z.string(), attempt: z.number().int().positive(), signature: z.string() }

/** Appended before the first send; only these bytes, read back from the log, are ever sent. */
export const TransactionSigned = z.object({
  ...Attempt,
  purpose: z.enum(['swap', 'deposit']),
  /** Base64 of the signed wire transaction. */
  rawBytes: z.string(),
  /** Last block height at which the blockhash is valid. */
  lastValidBlockHeight: z.number().int().positive(),
  /** Slot the blockhash was read at: a node below it cannot tell anything of this transaction. */
  minSlot: z.number().int().nonnegative(),
  /** What the venue promised, for the record; booking never uses it. */
  quoted: z.object({ inAsset: z.string(), inAmount: Units, outAsset: z.string(), outAmount: Units, limit: Units }).nullable(),
  at: At,
})

/** A change of one token account, from pre and post token balances. */
export const TokenDelta = z.object({ tokenAccount: z.string(), owner: z.string(), mint: z.string(), amount: Units })
export type TokenDelta = z.infer<typeof TokenDelta>

/** Executed without error, seen at `confirmed`: provisional until finalised. */
export const TransactionLanded = z.object({
  ...Attempt,
  /** 1 for the first landing; one more each time it vanished and landed again. */
  generation: z.number().int().positive(),
  slot: z.number().int().nonnegative(),
  /** Lamports the fee payer lost beyond rent: base and priority fee. */
  fee: Units,
  /** Lamports the fee payer put into accounts created by this transaction. */
  rent: Units,
  deltas: z.array(TokenDelta),
  at: At,
})

/** Executed with an error: nothing moved but the fee. */
export const TransactionFailed = z.object({
  ...Attempt,
  generation: z.number().int().positive(),
  slot: z.number().int().nonnegative(),
  fee: Units,
  /** Program or runtime error as the chain names it, e.g. `custom:6001`. */
  error: z.string(),
  at: At,
})

/** Proven never to land: finalised height past lastValidBlockHeight on a quorum and no status in history. */
export const TransactionExpired = z.object({
  ...Attempt,
  proof: z.array(z.object({ endpoint: z.string(), finalizedHeight: z.number().int(), slot: z.number().int() })),
  at: At,
})

/** No outcome could be proven although the blockhash should be past: resolved by a later Landed, Failed or Expired. */
export const TransactionOutcomeUnknown = z.object({ ...Attempt, reason: z.string(), at: At })

/** Was seen landed, is no longer on the chain: its attempt is open again. */
export const TransactionVanished = z.object({ ...Attempt, generation: z.number().int().positive(), slot: z.number().int(), at: At })

/** These attempts are final: one event for all of an account that became so. */
export const TransactionsFinalized = z.object({
  transactions: z.array(z.object({ ...Attempt, generation: z.number().int().positive() })),
  slot: z.number().int(),
  at: At,
})
