import { z } from 'zod'
import { Amount, At, Units } from '../fields.ts'

/** `ref`: the order number, `d-<depositId>`, `w-<withdrawalId>`, `t-<transferId>` or `n-<nonce account>`. One live attempt per ref. */
const Attempt = { ref: z.string(), attempt: z.number().int().positive(), signature: z.string() }

export const DurableNonce = z.object({ account: z.string(), value: z.string(), authority: z.string() })
export type DurableNonce = z.infer<typeof DurableNonce>

/** Appended before the first send; only these bytes, read back from the log, are ever sent. */
export const TransactionSigned = z.object({
  ...Attempt,
  /** `nonce_setup` makes a nonce account, `nonce_advance` takes the value away from under a transaction that is not to land any more. */
  purpose: z.enum(['swap', 'deposit', 'withdrawal', 'transfer', 'nonce_setup', 'nonce_advance']),
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

/** Lamports that a transaction took from the fee payer: each is a ledger entry of its own. */
const CostParts = {
  /** Base and priority fee together. */
  fee: Units,
  /** The part of `fee` that was bid for a place in the block. */
  priorityFee: Units,
  /** Given to a block engine for carrying the transaction. */
  tip: Units,
  /** Put into accounts that this transaction created. */
  rent: Units,
}
export const Costs = z.object(CostParts)
export type Costs = z.infer<typeof Costs>

/** Executed without error, seen at `confirmed`: provisional until finalised. */
export const TransactionLanded = z.object({
  ...Attempt,
  /** 1 for the first landing; one more each time it vanished and landed again. */
  generation: z.number().int().positive(),
  slot: z.number().int().nonnegative(),
  ...CostParts,
  deltas: z.array(TokenDelta),
  at: At,
})

/** Executed with an error: nothing moved but the fee. */
export const TransactionFailed = z.object({
  ...Attempt,
  generation: z.number().int().positive(),
  slot: z.number().int().nonnegative(),
  /** Lamports, base and priority fee. */
  fee: Units,
  /** The part of `fee` that was bid. */
  priorityFee: Units,
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
export const TransactionVanished = z.object({
  ...Attempt,
  generation: z.number().int().positive(),
  slot: z.number().int(),
  /** What it had cost, which nobody has paid now; null in events that did not tell. */
  returned: z.object({ outcome: z.enum(['landed', 'failed']), ...CostParts }).nullable(),
  at: At,
})

/** These attempts are final: one event for all of an account that became so. */
export const TransactionsFinalized = z.object({
  transactions: z.array(z.object({ ...Attempt, generation: z.number().int().positive() })),
  /** What they had brought in, which is provisional no longer. */
  settled: z.array(Amount),
  slot: z.number().int(),
  at: At,
})
