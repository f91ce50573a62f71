import type { AccountCommand } from '../../src/commands/account/command.ts'
import type { LateSubject } from '../../src/commands/transaction/late-subject.ts'
import type { TokenDelta } from '../../src/events/account/transaction-events.ts'
import { expired, finalized, landed, left, place, request, SOL, signed, sol, swap, USDC, usdc } from '../unit/commands/account-story.ts'
import type { GoldenStory } from './stories.ts'

const TERMS = {
  ...{
    symbol: 'SOL/USDC',
    version: 1,
    base: 'SOL',
    quote: 'USDC',
    baseMint: SOL.mint,
    quoteMint: USDC.mint,
    baseDecimals: 9,
    quoteDecimals: 6,
  },
}
const lateLanding = (ref: string, subject: LateSubject, deltas: TokenDelta[]): AccountCommand => ({
  type: 'BookLate',
  ...{ ref, attempt: 1, signature: `sig-${ref}-1`, generation: 1, slot: 99, fee: '5000', priorityFee: '0', tip: '0', rent: '0' },
  ...{ subject, deltas },
})

/** What lands although it was taken to be over, and what people correct by hand. */
export const lateStories = ({
  account,
  funds,
}: {
  readonly account: (name: string, commands: readonly AccountCommand[]) => GoldenStory
  readonly funds: readonly AccountCommand[]
}): readonly GoldenStory[] => [
  account('late', [
    ...funds,
    place(request({ clOrdId: 'c-late' })),
    signed('1'),
    expired('1'),
    signed('1', 2),
    landed('1', swap(sol(1), -usdc(100)), 2),
    finalized('1', 2),
    lateLanding(
      '1',
      { kind: 'order', orderId: 'late.1', clOrdId: 'c-late', side: 'buy', strategyId: null, instrument: TERMS },
      swap(sol(1), -usdc(99)),
    ),
    { type: 'RequestWithdrawal', withdrawalId: 'twice', asset: USDC, amount: usdc(50), destination: 'Elsewhere' },
    { type: 'ConfirmWithdrawal', withdrawalId: 'twice' },
    signed('w-twice', 1, 'withdrawal'),
    expired('w-twice'),
    { type: 'FailPayout', ref: 'w-twice', reason: 'given up' },
    lateLanding('w-twice', { kind: 'withdrawal', id: 'twice', asset: 'USDC', mint: USDC.mint }, left(usdc(50))),
  ]),
  account('corrected', [
    ...funds,
    { type: 'CompareWithChain', asset: 'USDC', chain: usdc(990), slot: 60 },
    { type: 'CompareWithChain', asset: 'USDC', chain: usdc(980), slot: 61 },
    { type: 'RequestCorrection', correctionId: 'lost', asset: USDC, amount: -usdc(20), reason: 'moved out by hand', by: 'k1' },
    { type: 'ApproveCorrection', correctionId: 'lost', by: 'k2' },
    { type: 'CompareWithChain', asset: 'USDC', chain: usdc(980), slot: 62 },
    { type: 'RequestCorrection', correctionId: 'wrong', asset: SOL, amount: sol(1), reason: 'a mistake', by: 'k1' },
    { type: 'RejectCorrection', correctionId: 'wrong', by: 'k1', reason: 'taken back' },
    { type: 'CompareWithChain', asset: 'SOL', chain: sol(11), slot: 63 },
    { type: 'RequestCorrection', correctionId: 'waits', asset: SOL, amount: sol(1), reason: 'sent by hand', by: 'k2' },
  ]),
]
