import type { FailedTransactionMetadata } from 'litesvm/dist/internal.js'

/** A transaction error in the RPC's JSON form: a name, or a name with its argument. */
export type TransactionError = string | { readonly [name: string]: unknown }

/** Names the runtime's error. Its enums are erased at run time, so the names are kept here in the enums' order. */
export const transactionError = (failed: FailedTransactionMetadata): TransactionError => {
  const error = failed.err()
  if (typeof error === 'number') return TRANSACTION_ERRORS[error] ?? 'ClusterMaintenance'
  if ('err' in error) return { InstructionError: [error.index, instructionError(error.err())] }
  if ('index' in error) return { DuplicateInstruction: error.index }
  const name = error.constructor.name.endsWith('InsufficientFundsForRent')
    ? 'InsufficientFundsForRent'
    : 'ProgramExecutionTemporarilyRestricted'
  return { [name]: { account_index: error.accountIndex } }
}

/** The sentence that the RPC puts after "Transaction simulation failed: ". */
export const describeError = (error: TransactionError): string => {
  if (typeof error === 'string') return SENTENCES[error] ?? error
  const [name, argument] = Object.entries(error)[0] ?? ['Unknown', undefined]
  if (name !== 'InstructionError' || !Array.isArray(argument)) return name
  const [index, cause] = argument as [number, unknown]
  const text =
    typeof cause === 'object' && cause !== null && 'Custom' in cause
      ? `custom program error: 0x${Number(cause.Custom).toString(16)}`
      : typeof cause === 'string'
        ? cause
        : JSON.stringify(cause)
  return `Error processing Instruction ${index}: ${text}`
}

type InstructionCause =
  Exclude<ReturnType<FailedTransactionMetadata['err']>, number> extends infer E ? (E extends { err(): infer C } ? C : never) : never

const instructionError = (cause: InstructionCause): unknown => {
  if (typeof cause === 'number') return INSTRUCTION_ERRORS[cause] ?? 'GenericError'
  return 'code' in cause ? { Custom: cause.code } : { BorshIoError: cause.msg }
}

const SENTENCES: Readonly<Record<string, string>> = {
  AlreadyProcessed: 'This transaction has already been processed',
  BlockhashNotFound: 'Blockhash not found',
  AccountNotFound: 'Attempt to debit an account but found no record of a prior credit.',
  InsufficientFundsForFee: 'Insufficient funds for fee',
  ProgramAccountNotFound: 'Attempt to load a program that does not exist',
  AddressLookupTableNotFound: 'Transaction address table lookup account not found',
}

const words = (text: string) => text.trim().split(/\s+/)

const TRANSACTION_ERRORS = words(`
  AccountInUse AccountLoadedTwice AccountNotFound ProgramAccountNotFound InsufficientFundsForFee InvalidAccountForFee AlreadyProcessed
  BlockhashNotFound CallChainTooDeep MissingSignatureForFee InvalidAccountIndex SignatureFailure InvalidProgramForExecution
  SanitizeFailure ClusterMaintenance AccountBorrowOutstanding WouldExceedMaxBlockCostLimit UnsupportedVersion InvalidWritableAccount
  WouldExceedMaxAccountCostLimit WouldExceedAccountDataBlockLimit TooManyAccountLocks AddressLookupTableNotFound
  InvalidAddressLookupTableOwner InvalidAddressLookupTableData InvalidAddressLookupTableIndex InvalidRentPayingAccount
  WouldExceedMaxVoteCostLimit WouldExceedAccountDataTotalLimit MaxLoadedAccountsDataSizeExceeded ResanitizationNeeded
  InvalidLoadedAccountsDataSizeLimit UnbalancedTransaction ProgramCacheHitMaxLimit CommitCancelled`)

const INSTRUCTION_ERRORS = words(`
  GenericError InvalidArgument InvalidInstructionData InvalidAccountData AccountDataTooSmall InsufficientFunds IncorrectProgramId
  MissingRequiredSignature AccountAlreadyInitialized UninitializedAccount UnbalancedInstruction ModifiedProgramId
  ExternalAccountLamportSpend ExternalAccountDataModified ReadonlyLamportChange ReadonlyDataModified DuplicateAccountIndex
  ExecutableModified RentEpochModified NotEnoughAccountKeys AccountDataSizeChanged AccountNotExecutable AccountBorrowFailed
  AccountBorrowOutstanding DuplicateAccountOutOfSync InvalidError ExecutableDataModified ExecutableLamportChange
  ExecutableAccountNotRentExempt UnsupportedProgramId CallDepth MissingAccount ReentrancyNotAllowed MaxSeedLengthExceeded InvalidSeeds
  InvalidRealloc ComputationalBudgetExceeded PrivilegeEscalation ProgramEnvironmentSetupFailure ProgramFailedToComplete
  ProgramFailedToCompile Immutable IncorrectAuthority AccountNotRentExempt InvalidAccountOwner ArithmeticOverflow UnsupportedSysvar
  IllegalOwner MaxAccountsDataAllocationsExceeded MaxAccountsExceeded MaxInstructionTraceLengthExceeded
  BuiltinProgramsMustConsumeComputeUnits BorshIoError`)
