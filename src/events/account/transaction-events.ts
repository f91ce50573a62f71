import { z } from 'zod'
import { At, Units } from '../fields.ts'

/** `ref`: the order number, `d-<depositId>` or `n-<nonce account>`. One live attempt per ref. */
const Attempt = { ref: z.string(), attempt: z.number().int().positive(), signature: z.string() }

export const DurableNonce = z.object({ account: z.string(), value: z.string(), authority: z.string() })
export type DurableNonce = z.infer<typeof DurableNonce>

/** Appended before the first send; only these bytes, read back from the log, are ever sent. */
export const TransactionSigned = z.object({
  ...Attempt,
  /** `nonce_setup` makes a nonce account, `nonce_advance` takes the value away from under a transaction that is not to land any more. */
  purpose: z.enum(['swap', 'deposit', 'nonce_setup', 'nonce_advance']),
  /** Base64 of the signed wire transaction. */
  rawBytes: z.string(),
  /** Last block height at which the blockhash is valid; over a nonce, the last one before it is cancelled. */
  lastValidBlockHeight: z.number().int().positive(),
  /** Slot the blockhash or the nonce was read at: a node below it cannot tell anything of this transaction. */
  minSlot: z.number().int().nonnegative(),
  /** What the venue promised, for the record; booking never uses it. */
  quoted: z.object({ inAsset: z.string(), inAmount: Units, outAsset: z.string(), outAmount: Units, limit: Units }).nullable(),
  /** It lives by this durable nonce instead of a blockhash: until the account holds another value. */
  nonce: DurableNonce.optional(),
  /** The venue lands it, asked for by this id of its own order; our signature names it all the same. */
  venueRequestId: z.string().optional(),
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

/**
 * Proven never to land: finalised height past lastValidBlockHeight on a quorum, or its nonce account finalised with another value, and
 * no status in history.
 */
export const TransactionExpired = z.object({
  ...Attempt,
  proof: z.array(
    z.object({
      endpoint: z.string(),
      finalizedHeight: z.number().int(),
      slot: z.number().int(),
      /** What the nonce account holds there; null: it is gone. Only over a nonce. */
      nonce: z.string().nullable().optional(),
    }),
  ),
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
