import { createHash } from 'node:crypto'
import type { Map as ImmutableMap } from 'immutable'
import type { AccountEvent, DataOf } from '../../events/account/account-event.ts'
import type { TokenDelta } from '../../events/account/transaction-events.ts'
import type { Compensation } from '../../events/fields.ts'
import type { Asset } from '../../events/reference/reference-event.ts'

export interface DepositState {
  readonly depositId: string
  readonly asset: string
  readonly mint: string
  readonly decimals: number
  readonly amount: bigint
  /** `wallet`: native SOL that came unrequested and lies in the wallet. */
  readonly source: 'faucet' | 'wallet'
  readonly status: 'requested' | 'credited' | 'failed' | 'reversed'
  /** Attempts that ended without a credit: failed on the chain or expired. */
  readonly attempts: number
  readonly requestedRevision: bigint
}

/** A deposit whose transaction failed this often is given up. */
export const MAX_DEPOSIT_ATTEMPTS = 20

/** Id of the command that requests a deposit: the natural key of the request. */
export const depositCommandId = (depositId: string): string => `d-${depositId}`
/** Ref of the deposit's transactions. */
export const depositRef = (depositId: string): string => `d-${depositId}`
/** The deposit a ref belongs to; undefined for an order's ref. */
export const depositIdOf = (ref: string): string | undefined => (ref.startsWith('d-') ? ref.slice(2) : undefined)

/** The deposit that a transaction of this ref is for. */
export const depositOf = ({ deposits }: { readonly deposits: ImmutableMap<string, DepositState> }, ref: string): DepositState | undefined =>
  deposits.get(depositIdOf(ref) ?? '')

/** First 32 hex of the SHA-256 of the terms: the same depositId with another hash is a conflict. */
export const depositTermsHash = (asset: string, amount: bigint): string =>
  createHash('sha256').update(`${asset}|${amount}`, 'utf8').digest('hex').slice(0, 32)

export const requestDeposit = (depositId: string, asset: Asset, amount: bigint, at: number): AccountEvent => ({
  type: 'FundsDepositRequested',
  data: { depositId, asset: asset.asset, mint: asset.mint, amount: amount.toString(), decimals: asset.decimals, at },
})

export const newDeposit = (
  data: DataOf<'FundsDepositRequested'> | DataOf<'FundsArrived'>,
  source: DepositState['source'],
  revision: bigint,
): DepositState => ({
  depositId: data.depositId,
  asset: data.asset,
  mint: data.mint,
  decimals: data.decimals,
  amount: BigInt(data.amount),
  source,
  status: 'requested',
  attempts: 0,
  requestedRevision: revision,
})

interface Credited {
  readonly type: 'FundsCredited'
  readonly data: DataOf<'FundsCredited'>
}

/** One credit for each of the wallet's token accounts that grew: what was observed, not what was asked for. */
export const creditDeposit = (
  deposit: DepositState,
  deltas: readonly TokenDelta[],
  wallet: string,
  signature: string,
  at: number,
): readonly Credited[] => {
  const grown = new Map<string, bigint>()
  for (const { tokenAccount, owner, mint, amount } of deltas)
    if (owner === wallet && mint === deposit.mint) grown.set(tokenAccount, (grown.get(tokenAccount) ?? 0n) + BigInt(amount))
  return [...grown].flatMap(([tokenAccount, amount]): Credited[] =>
    amount > 0n
      ? [
          {
            type: 'FundsCredited',
            data: { depositId: deposit.depositId, asset: deposit.asset, amount: amount.toString(), signature, tokenAccount, at },
          },
        ]
      : [],
  )
}

/** The deposit will never arrive. */
export const failDeposit = (deposit: DepositState, reason: string, cause: Compensation['cause'], at: number): AccountEvent => ({
  type: 'FundsDepositFailed',
  data: {
    depositId: deposit.depositId,
    reason,
    compensates: {
      cause,
      command: depositCommandId(deposit.depositId),
      reverses: 'deposit',
      effect: { asset: deposit.asset, amount: deposit.amount.toString() },
    },
    at,
  },
})

/** After one more attempt without a credit: given up at the limit, else nothing to record. What lies in the wallet is never given up. */
export const afterDepositAttempt = (
  deposit: DepositState,
  reason: string,
  cause: Compensation['cause'],
  at: number,
): readonly AccountEvent[] =>
  deposit.source === 'faucet' && deposit.status === 'requested' && deposit.attempts + 1 >= MAX_DEPOSIT_ATTEMPTS
    ? [failDeposit(deposit, reason, cause, at)]
    : []

/** The credit's transaction vanished: the money goes back out, available may become negative. */
export const reverseDeposit = (deposit: DepositState, amount: bigint, signature: string, attempt: number, at: number): AccountEvent => ({
  type: 'FundsDepositReversed',
  data: {
    depositId: deposit.depositId,
    asset: deposit.asset,
    amount: amount.toString(),
    signature,
    compensates: {
      cause: { type: 'TransactionVanished', ref: depositRef(deposit.depositId), attempt },
      command: depositCommandId(deposit.depositId),
      reverses: 'credit',
      effect: { asset: deposit.asset, amount: amount.toString() },
    },
    at,
  },
})
