import { AddressLookupTableAccount, PublicKey, TransactionInstruction } from '@solana/web3.js'
import { z } from 'zod'

const Address = z.string().min(32).max(44)
const Units = z.string().regex(/^\d+$/).transform(BigInt)

const InstructionJson = z.object({
  programId: Address,
  accounts: z.array(z.object({ pubkey: Address, isSigner: z.boolean(), isWritable: z.boolean() })),
  data: z.base64(),
})

/** What we read of GET /swap/v2/build; Jupiter adds fields at will. */
export const BuildResponse = z.object({
  inputMint: Address,
  outputMint: Address,
  inAmount: Units,
  outAmount: Units,
  otherAmountThreshold: Units,
  swapMode: z.enum(['ExactIn', 'ExactOut']),
  routePlan: z.array(z.object({ swapInfo: z.object({ label: z.string().nullish() }) })),
  computeBudgetInstructions: z.array(InstructionJson),
  setupInstructions: z.array(InstructionJson),
  swapInstruction: InstructionJson,
  cleanupInstruction: InstructionJson.nullish(),
  otherInstructions: z.array(InstructionJson).nullish(),
  addressesByLookupTableAddress: z.record(z.string(), z.array(Address)).nullish(),
})
export type BuildResponse = z.infer<typeof BuildResponse>

/** What we read of GET /swap/v2/order. `transaction` null: no taker was named; empty: see errorMessage. */
export const OrderResponse = z.object({
  inputMint: Address,
  outputMint: Address,
  inAmount: Units,
  outAmount: Units,
  otherAmountThreshold: Units,
  swapMode: z.enum(['ExactIn', 'ExactOut']),
  routePlan: z.array(z.object({ swapInfo: z.object({ label: z.string().nullish() }) })),
  transaction: z.base64().nullable(),
  requestId: z.string().min(1),
  lastValidBlockHeight: z.union([z.string().regex(/^\d+$/), z.number().int()]).nullish(),
  errorMessage: z.string().nullish(),
})
export type OrderResponse = z.infer<typeof OrderResponse>

/** What we read of POST /swap/v2/execute: hints all of it. */
export const ExecuteResponse = z.object({
  status: z.enum(['Success', 'Failed']),
  code: z.number().nullish(),
  error: z.string().nullish(),
  signature: z.string().nullish(),
})

/** GET /price/v3: tokens without a reliable price are missing or null. */
export const PriceResponse = z.record(z.string(), z.object({ usdPrice: z.number().positive(), blockId: z.number().nullish() }).nullable())

/** Both spellings of Jupiter's errors. */
export const ErrorResponse = z.object({ errorCode: z.string().nullish(), error: z.string().nullish(), message: z.string().nullish() })

export const toInstruction = (json: z.infer<typeof InstructionJson>): TransactionInstruction =>
  new TransactionInstruction({
    programId: new PublicKey(json.programId),
    keys: json.accounts.map(({ pubkey, isSigner, isWritable }) => ({ pubkey: new PublicKey(pubkey), isSigner, isWritable })),
    data: Buffer.from(json.data, 'base64'),
  })

export const toLookupTables = (tables: BuildResponse['addressesByLookupTableAddress']): AddressLookupTableAccount[] =>
  Object.entries(tables ?? {}).map(
    ([key, addresses]) =>
      new AddressLookupTableAccount({
        key: new PublicKey(key),
        // Compiling a message reads the addresses alone.
        state: {
          deactivationSlot: 2n ** 64n - 1n,
          lastExtendedSlot: 0,
          lastExtendedSlotStartIndex: 0,
          addresses: addresses.map((address) => new PublicKey(address)),
        },
      }),
  )
