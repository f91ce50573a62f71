import type { AccountCommand } from '../../src/commands/account/command.ts'
import { failed, finalized, landed, left, signed, USDC, usdc, vanished } from '../unit/commands/account-story.ts'

const withdrawal = (withdrawalId: string, amount: number): AccountCommand => ({
  type: 'RequestWithdrawal',
  ...{ withdrawalId, asset: USDC, amount: usdc(amount), destination: 'Elsewhere' },
})
const transfer = (transferId: string, amount: number): AccountCommand => ({
  type: 'RequestTransfer',
  ...{ transferId, asset: USDC, amount: usdc(amount), to: 'taker' },
})

/** Withdrawals and transfers to each of their ends, for an account that has 1,000 USDC. */
export const payouts: readonly AccountCommand[] = [
  withdrawal('sent', 100),
  { type: 'ConfirmWithdrawal', withdrawalId: 'sent' },
  signed('w-sent', 1, 'withdrawal'),
  landed('w-sent', left(usdc(100))),
  vanished('w-sent'),
  landed('w-sent', left(usdc(100))),
  finalized('w-sent', 1, 2),
  withdrawal('dropped', 50),
  { type: 'CancelWithdrawal', withdrawalId: 'dropped' },
  withdrawal('stopped', 30),
  { type: 'ConfirmWithdrawal', withdrawalId: 'stopped' },
  signed('w-stopped', 1, 'withdrawal'),
  { type: 'CancelWithdrawal', withdrawalId: 'stopped' },
  failed('w-stopped', 'custom:1'),
  withdrawal('hopeless', 20),
  { type: 'ConfirmWithdrawal', withdrawalId: 'hopeless' },
  { type: 'FailPayout', ref: 'w-hopeless', reason: 'custom:1' },
  transfer('moved', 10),
  signed('t-moved', 1, 'transfer'),
  landed('t-moved', left(usdc(10))),
  vanished('t-moved'),
  landed('t-moved', left(usdc(10))),
  finalized('t-moved', 1, 2),
  { type: 'CompleteTransfer', transferId: 'moved' },
  transfer('stays', 5),
  { type: 'FailPayout', ref: 't-stays', reason: 'custom:1' },
  { type: 'ReceiveTransfer', transferId: 'came', from: 'giver', asset: 'USDC', amount: usdc(7), signature: 'sig-t-came-1' },
  transfer('waits', 3),
]
