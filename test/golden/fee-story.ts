import type { AccountCommand } from '../../src/commands/account/command.ts'
import { charged, landed, limit, place, request, signed, sol, swap, usdc, vanished } from '../unit/commands/account-story.ts'

/** Trades that are charged, one of them busted, for an account that has funds; its tier changes while an order rests. */
export const fees: readonly AccountCommand[] = [
  { type: 'SetFeeTier', tier: 2, by: 'k1' },
  charged(place(limit({ clOrdId: 'rests' }))),
  { type: 'SetFeeTier', tier: 1, by: 'k1' },
  charged(place(request({ clOrdId: 'sold', side: 'sell', orderQty: sol(1) }))),
  signed('2'),
  landed('2', swap(-sol(1), usdc(100))),
  charged(place(request({ clOrdId: 'busted', orderQty: sol(0.5) }))),
  signed('3'),
  landed('3', swap(sol(0.5), -usdc(50))),
  vanished('3'),
]
