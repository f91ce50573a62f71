import { isTransferBooked, timesBooked, unrequestedDepositId } from '../ledger/unrequested.ts'
import { attemptBySignature } from '../transaction/attempt-state.ts'
import { done, ignored } from './answers.ts'
import type { AccountCommand, Decision } from './command.ts'
import type { AccountState } from './state.ts'

type BookUnrequestedCredit = Extract<AccountCommand, { type: 'BookUnrequestedCredit' }>

/** Money that came unasked and is final: a credit, once per (signature, token account). Native SOL is to be wrapped first. */
export const bookUnrequested = (state: AccountState, command: BookUnrequestedCredit, at: number): Decision => {
  const { signature, tokenAccount, slot, asset, amount } = command
  const wallet = state.wallet?.publicKey
  if (wallet === undefined) return ignored('the account has no wallet')
  if (amount <= 0n) return ignored('nothing came')
  if (isTransferBooked(state.unrequested, tokenAccount, signature, slot)) return ignored('already booked')
  if (attemptBySignature(state, signature)) return ignored('a transaction of ours')
  // Money that comes while some is missing stands against what is missing: as a credit it would be counted twice.
  const missing = state.divergences.get(asset.asset)
  if (missing && missing.chain < missing.ledger) return ignored('it makes up for what is missing on the chain')
  // One transaction may fill several token accounts: each is a deposit of its own.
  const times = timesBooked(state.unrequested, signature)
  const depositId = `${unrequestedDepositId(signature)}${times === 0 ? '' : `-${times + 1}`}`
  const credit = { depositId, asset: asset.asset, amount: amount.toString(), signature, tokenAccount, slot, at }
  return tokenAccount === wallet
    ? done({ type: 'FundsArrived', data: { ...credit, mint: asset.mint, decimals: asset.decimals } })
    : done({ type: 'FundsCredited', data: credit })
}
