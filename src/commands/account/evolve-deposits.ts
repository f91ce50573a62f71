import type { DataOf } from '../../events/account/account-event.ts'
import { type DepositState, depositRef, newDeposit } from '../ledger/deposit.ts'
import { rememberTransfer } from '../ledger/unrequested.ts'
import { bookOn } from '../transaction/evolve.ts'
import type { AccountState } from './state.ts'

export const openDeposit = (state: AccountState, data: DataOf<'FundsDepositRequested'>, revision: bigint): AccountState => ({
  ...state,
  deposits: state.deposits.set(data.depositId, newDeposit(data, 'faucet', revision)),
})

/** Native SOL that waits to be wrapped. */
export const openArrival = (state: AccountState, data: DataOf<'FundsArrived'>, revision: bigint): AccountState => ({
  ...state,
  deposits: state.deposits.set(data.depositId, newDeposit(data, 'wallet', revision)),
  unrequested: rememberTransfer(state.unrequested, data.tokenAccount, data.signature, data.slot),
})

export const evolveDeposit = (
  state: AccountState,
  depositId: string,
  to: Partial<Pick<DepositState, 'status' | 'attempts'>>,
): AccountState => {
  const deposit = state.deposits.get(depositId)
  return deposit ? { ...state, deposits: state.deposits.set(depositId, { ...deposit, ...to }) } : state
}

/** The credit, remembered on the attempt whose signature brought it. */
export const bookCredit = (state: AccountState, data: DataOf<'FundsCredited'>): AccountState => {
  if (data.slot !== undefined)
    return { ...state, unrequested: rememberTransfer(state.unrequested, data.tokenAccount, data.signature, data.slot) }
  const ref = depositRef(data.depositId)
  const credited = evolveDeposit(state, data.depositId, { status: 'credited' })
  const newest = state.attempts.get(ref)
  const attempt = newest?.signature === data.signature ? newest : state.earlier.find((a) => a.ref === ref && a.signature === data.signature)
  if (!attempt) return credited
  return {
    ...credited,
    ...bookOn(credited, ref, attempt.attempt, (booked) => ({
      kind: 'credit',
      asset: data.asset,
      amount: BigInt(data.amount) + (booked?.kind === 'credit' ? booked.amount : 0n),
    })),
  }
}
