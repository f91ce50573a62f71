import type { PublicKey } from '@solana/web3.js'
import bs58 from 'bs58'
import type { Accounts } from './accounts.ts'
import type { SentTransaction } from './message.ts'
import { advancedBy, durableNonce, nonceOf, withNonce } from './nonces.ts'
import type { AccountState, Execution, Svm } from './svm.ts'
import { mintDecimals, tokenAccount, uiAmount } from './tokens.ts'

export interface Executed {
  readonly execution: Execution
  /** Whether it is in the block: a failed transaction lands when its fee was taken, otherwise it never happened. */
  readonly landed: boolean
  readonly keys: readonly string[]
  readonly changes: ReadonlyMap<string, AccountState | undefined>
  readonly writable: readonly string[]
  /** The RPC's `meta`. */
  readonly meta: TransactionMeta
}

export type TransactionMeta = ReturnType<typeof describe>

/**
 * Runs a transaction and reports what it did to its accounts. `nextNonce`: the value of nonce accounts advanced in this slot; `durable`:
 * the transaction lives by a nonce, which it uses up also when it fails.
 */
export const execute = (
  svm: Svm,
  accounts: Accounts,
  sent: SentTransaction,
  { nextNonce, durable }: { readonly nextNonce: string; readonly durable: boolean },
): Executed => {
  const keys = sent.keys.map((key) => key.toBase58())
  const isWritable = keys.map((_, i) => sent.message.isAccountWritable(i))
  // Programs that are only called hold no tokens and may be large: their data are not read.
  const called = new Set(sent.message.compiledInstructions.map((instruction) => instruction.programIdIndex))
  const read = (i: number) => (called.has(i) && !isWritable[i] ? undefined : accounts.get(keys[i] as string))
  const balance = (i: number, state: AccountState | undefined) =>
    state?.lamports ?? (called.has(i) ? accounts.lamports(keys[i] as string) : 0n)

  const before = keys.map((_, i) => read(i))
  const lamportsBefore = before.map((state, i) => balance(i, state))
  // To the VM this slot's nonce is the one that it makes of the transaction's own blockhash: an account advanced in this slot already is
  // refused by the VM's own rule.
  const vmNonce = durableNonce(sent.message.recentBlockhash)
  const rename = (i: number, state: AccountState | undefined, from: string, to: string) => {
    if (!state || !isWritable[i] || nonceOf(state)?.value !== from) return state
    const renamed = withNonce(state, to)
    accounts.put(keys[i] as string, renamed)
    return renamed
  }
  before.forEach((state, i) => {
    rename(i, state, nextNonce, vmNonce)
  })
  const execution = svm.execute(sent.wire)
  const after = keys.map((_, i) => (isWritable[i] ? rename(i, read(i), vmNonce, nextNonce) : before[i]))
  const lamportsAfter = after.map((state, i) => balance(i, state))
  // Every lamport that a transaction moves stays within its accounts, so what is missing afterwards is the fee, to the lamport.
  const fee = sum(lamportsBefore) - sum(lamportsAfter)
  const landed = execution.error === null || fee > 0n
  const spent = durable && landed && execution.error !== null ? advancedBy(sent.message)?.account : undefined
  if (spent !== undefined) after[spent] = rename(spent, after[spent], nonceOf(after[spent])?.value ?? '', nextNonce)

  const changes = new Map<string, AccountState | undefined>()
  keys.forEach((key, i) => {
    if (isWritable[i] && !sameState(before[i], after[i])) changes.set(key, after[i])
  })
  return {
    execution,
    landed,
    keys,
    changes,
    writable: keys.filter((_, i) => isWritable[i]),
    meta: describe(sent, execution, {
      fee: Number(fee),
      preBalances: lamportsBefore.map(Number),
      postBalances: lamportsAfter.map(Number),
      preTokenBalances: tokenBalances(accounts, before),
      postTokenBalances: tokenBalances(accounts, after),
    }),
  }
}

/** Inner instructions in the RPC's form. */
export const innerInstructions = (execution: Execution) =>
  execution.inner.flatMap((calls, index) =>
    calls.length === 0
      ? []
      : [
          {
            index,
            instructions: calls.map((call) => ({
              programIdIndex: call.programIdIndex,
              accounts: [...call.accounts],
              data: bs58.encode(call.data),
              stackHeight: call.stackHeight,
            })),
          },
        ],
  )

/** Return data in the RPC's form. */
export const returnData = (execution: Execution) =>
  execution.returnData
    ? {
        programId: bs58.encode(execution.returnData.programId),
        data: [Buffer.from(execution.returnData.data).toString('base64'), 'base64'] as const,
      }
    : undefined

interface Balances {
  readonly fee: number
  readonly preBalances: readonly number[]
  readonly postBalances: readonly number[]
  readonly preTokenBalances: readonly TokenBalance[]
  readonly postTokenBalances: readonly TokenBalance[]
}

const describe = (sent: SentTransaction, execution: Execution, balances: Balances) => {
  const returned = returnData(execution)
  return {
    err: execution.error,
    status: execution.error === null ? { Ok: null } : { Err: execution.error },
    ...balances,
    innerInstructions: innerInstructions(execution),
    logMessages: execution.logs,
    rewards: [],
    loadedAddresses: { writable: base58(sent.loaded.writable), readonly: base58(sent.loaded.readonly) },
    computeUnitsConsumed: execution.unitsConsumed,
    ...(returned ? { returnData: returned } : {}),
  }
}

type TokenBalance = ReturnType<typeof tokenBalances>[number]

const tokenBalances = (accounts: Accounts, states: readonly (AccountState | undefined)[]) =>
  states.flatMap((state, accountIndex) => {
    const token = tokenAccount(state)
    if (!token) return []
    const decimals = mintDecimals(accounts.get(token.mint)) ?? 0
    return [
      { accountIndex, mint: token.mint, owner: token.owner, programId: token.program, uiTokenAmount: uiAmount(token.amount, decimals) },
    ]
  })

const base58 = (keys: readonly PublicKey[]) => keys.map((key) => key.toBase58())
const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)

const sameState = (a: AccountState | undefined, b: AccountState | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.lamports === b.lamports &&
    a.executable === b.executable &&
    Buffer.compare(a.owner, b.owner) === 0 &&
    Buffer.compare(a.data, b.data) === 0)
