import {
  Account,
  FailedTransactionMetadata,
  type InnerInstruction,
  LiteSvm,
  type SimulatedTransactionInfo,
  type TransactionMetadata,
} from 'litesvm/dist/internal.js'
import { type TransactionError, transactionError } from './transaction-error.ts'

/** One account as the runtime holds it. Absent accounts are undefined, never zero-filled. */
export interface AccountState {
  readonly lamports: bigint
  readonly data: Uint8Array
  readonly owner: Uint8Array
  readonly executable: boolean
}

export interface InnerCall {
  readonly programIdIndex: number
  readonly accounts: readonly number[]
  readonly data: Uint8Array
  readonly stackHeight: number
}

export interface Execution {
  readonly error: TransactionError | null
  readonly logs: readonly string[]
  readonly unitsConsumed: number
  /** Per top-level instruction, the calls it made. */
  readonly inner: readonly (readonly InnerCall[])[]
  readonly returnData: { readonly programId: Uint8Array; readonly data: Uint8Array } | undefined
}

export interface Simulation extends Execution {
  readonly accounts: ReadonlyMap<string, AccountState>
}

export interface Svm {
  account(key: Uint8Array): AccountState | undefined
  lamports(key: Uint8Array): bigint
  setAccount(key: Uint8Array, state: AccountState | undefined): void
  accountsOf(program: Uint8Array): readonly { readonly key: Uint8Array; readonly state: AccountState }[]
  execute(wire: Uint8Array): Execution
  /** Runs without effect; keys of `accounts` are hex. */
  simulate(wire: Uint8Array, verifySignatures: boolean): Simulation
  deploy(program: Uint8Array, binary: Uint8Array): void
  enterSlot(slot: number, unixSeconds: number, recent: readonly { slot: number; hash: string }[]): void
  rentExempt(size: number): bigint
}

/**
 * The Solana VM behind plain bytes. The package's own face speaks the types of @solana/kit and encodes base58 on every call;
 * its native class (same package, pinned version) takes bytes and is several times faster.
 */
export const createSvm = (): Svm => {
  const svm = new LiteSvm()
  svm.withNativeMints()
  // The runtime accepts its own latest blockhash only, and forgets it on restart: the ledger checks the 150-block window itself.
  svm.setBlockhashCheck(false)
  // Duplicates are the ledger's business too: it knows every signature since genesis, the runtime's history is bounded.
  svm.setTransactionHistory(0n)
  return {
    account: (key) => read(svm.getAccount(key)),
    lamports: (key) => svm.getBalance(key) ?? 0n,
    setAccount: (key, state) => {
      const next = state ?? { lamports: 0n, data: new Uint8Array(), owner: SYSTEM_PROGRAM, executable: false }
      svm.setAccount(key, new Account(next.lamports, next.data, next.owner, next.executable, RENT_EXEMPT_EPOCH))
    },
    accountsOf: (program) =>
      svm.getProgramAccounts(program).flatMap((found) => {
        const state = read(found.account())
        return state ? [{ key: found.address, state }] : []
      }),
    execute: (wire) => outcome(svm.sendVersionedTransaction(wire)),
    simulate: (wire, verifySignatures) => {
      svm.setSigverify(verifySignatures)
      try {
        const result = svm.simulateVersionedTransaction(wire)
        if (result instanceof FailedTransactionMetadata) return { ...outcome(result), accounts: new Map() }
        return { ...succeeded(result.meta()), accounts: postAccounts(result) }
      } finally {
        svm.setSigverify(true)
      }
    },
    deploy: (program, binary) => svm.addProgram(program, binary),
    enterSlot: (slot, unixSeconds, recent) => {
      const clock = svm.getClock()
      clock.slot = BigInt(slot)
      clock.unixTimestamp = BigInt(unixSeconds)
      clock.epoch = BigInt(Math.floor(slot / SLOTS_PER_EPOCH))
      svm.setClock(clock)
      svm.setSlotHashes(recent.map((entry) => ({ slot: BigInt(entry.slot), hash: entry.hash })))
    },
    rentExempt: (size) => svm.minimumBalanceForRentExemption(BigInt(size)),
  }
}

export const SLOTS_PER_EPOCH = 432_000

const SYSTEM_PROGRAM = new Uint8Array(32)
/** What the runtime gives every rent-exempt account. */
const RENT_EXEMPT_EPOCH = (1n << 64n) - 1n

const read = (account: Account | null): AccountState | undefined => {
  if (!account) return undefined
  const lamports = account.lamports()
  return lamports === 0n ? undefined : { lamports, data: account.data(), owner: account.owner(), executable: account.executable() }
}

const outcome = (result: TransactionMetadata | FailedTransactionMetadata): Execution =>
  result instanceof FailedTransactionMetadata ? { ...succeeded(result.meta()), error: transactionError(result) } : succeeded(result)

const succeeded = (meta: TransactionMetadata): Execution => {
  const returned = meta.returnData()
  const data = returned.data()
  return {
    error: null,
    logs: meta.logs(),
    unitsConsumed: Number(meta.computeUnitsConsumed()),
    inner: meta.innerInstructions().map((calls) => calls.map(innerCall)),
    returnData: data.length > 0 ? { programId: returned.programId(), data } : undefined,
  }
}

const innerCall = (call: InnerInstruction): InnerCall => {
  const instruction = call.instruction()
  return {
    programIdIndex: instruction.programIdIndex(),
    accounts: [...instruction.accounts()],
    data: instruction.data(),
    stackHeight: call.stackHeight(),
  }
}

const postAccounts = (simulated: SimulatedTransactionInfo): Map<string, AccountState> => {
  const accounts = new Map<string, AccountState>()
  for (const entry of simulated.postAccounts()) {
    const state = read(entry.account())
    if (state) accounts.set(Buffer.from(entry.address).toString('hex'), state)
  }
  return accounts
}
