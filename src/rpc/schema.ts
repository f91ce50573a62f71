import { z } from 'zod'

// What we read of Solana's JSON-RPC answers; nodes add fields at will.

const Slot = z.number().int().nonnegative()
const Context = z.object({ slot: Slot })
const withContext = <T extends z.ZodType>(value: T) => z.object({ context: Context, value })

export const LatestBlockhashAnswer = withContext(z.object({ blockhash: z.string(), lastValidBlockHeight: Slot }))

export const EpochInfoAnswer = z.object({ absoluteSlot: Slot, blockHeight: Slot })

export const SignatureStatusesAnswer = withContext(
  z.array(
    z
      .object({
        slot: Slot,
        confirmations: z.number().nullish(),
        confirmationStatus: z.enum(['processed', 'confirmed', 'finalized']).nullish(),
        err: z.unknown(),
      })
      .nullable(),
  ),
)
export type SignatureStatus = NonNullable<z.infer<typeof SignatureStatusesAnswer>['value'][number]>

const AccountJson = z.object({ data: z.tuple([z.base64(), z.literal('base64')]), lamports: z.number(), owner: z.string() })
export type AccountJson = z.infer<typeof AccountJson>

export const AccountAnswer = withContext(AccountJson.nullable())
export const AccountsAnswer = withContext(z.array(AccountJson.nullable()))

export const SimulationAnswer = withContext(
  z.object({
    err: z.unknown(),
    logs: z.array(z.string()).nullish(),
    unitsConsumed: z.number().nullish(),
    accounts: z.array(AccountJson.nullable()).nullish(),
  }),
)

export const NumberAnswer = withContext(z.number())
export const BooleanAnswer = withContext(z.boolean())
export const SignatureAnswer = z.string()

export const SignaturesAnswer = z.array(z.object({ signature: z.string(), slot: Slot, err: z.unknown() }))

export const PrioritizationFeesAnswer = z.array(z.object({ slot: Slot, prioritizationFee: z.number().nonnegative() }))

const TokenBalance = z.object({
  accountIndex: z.number().int().nonnegative(),
  mint: z.string(),
  /** Missing in transactions of before 2021. */
  owner: z.string().nullish(),
  uiTokenAmount: z.object({ amount: z.string().regex(/^\d+$/) }),
})
export type TokenBalance = z.infer<typeof TokenBalance>

/** getTransaction with encoding base64 or json, legacy or versioned. */
export const TransactionAnswer = z
  .object({
    slot: Slot,
    transaction: z.union([
      z.tuple([z.base64(), z.literal('base64')]),
      z.object({ message: z.object({ accountKeys: z.array(z.string()) }) }),
    ]),
    meta: z
      .object({
        err: z.unknown(),
        fee: z.number().int().nonnegative(),
        preBalances: z.array(z.number()),
        postBalances: z.array(z.number()),
        preTokenBalances: z.array(TokenBalance).nullish(),
        postTokenBalances: z.array(TokenBalance).nullish(),
        loadedAddresses: z.object({ writable: z.array(z.string()), readonly: z.array(z.string()) }).nullish(),
      })
      .nullable(),
  })
  .nullable()
export type TransactionAnswer = NonNullable<z.infer<typeof TransactionAnswer>>
