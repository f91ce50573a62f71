import type { AccountCommand, OrderRequest } from '../../src/commands/account/command.ts'
import { INSTRUMENT, landed, limit, mid, place, replace, request, signed, sol, swap, usdc } from '../unit/commands/account-story.ts'

interface Telling<Story> {
  readonly account: (name: string, commands: readonly AccountCommand[]) => Story
  readonly funds: readonly AccountCommand[]
  readonly now: (step: number) => number
}

/** Stories of orders that rest, are replaced, or belong together. */
export const orderStories = <Story>({ account, funds, now }: Telling<Story>): readonly Story[] => [
  account('resting', [
    ...funds,
    place(
      request({ clOrdId: 'trails', type: 'trailing_stop', side: 'sell', timeInForce: 'gtc', trailingOffset: { kind: 'bps', value: 500 } }),
    ),
    { type: 'TrailOrder', number: 1, quote: mid('110', now(12)), tickSize: '0.01' },
    { type: 'TriggerOrder', number: 1, trigger: mid('104.5', now(13)) },
    place(limit({ clOrdId: 'till', timeInForce: 'gtd', expireAt: now(15), strategyId: 'strat' })),
    { type: 'ExpireOrder', number: 2 },
    place(limit({ clOrdId: 'day', type: 'stop_limit', timeInForce: 'day', stopPrice: '120', price: '121' })),
    { type: 'ArmDeadMan', timeoutMs: 1_000 },
    { type: 'FireDeadMan' },
    { type: 'ArmDeadMan', timeoutMs: 60_000 },
    { type: 'ArmDeadMan', timeoutMs: 0 },
    place(limit({ clOrdId: 'open', timeInForce: 'day' })),
  ]),
  account('requests', [
    ...funds,
    place(limit({ clOrdId: 'a', orderQty: sol(2) })),
    replace(1, 'a-2', { orderQty: sol(3) }),
    replace(1, 'a-3', { price: '500' }),
    { type: 'TriggerOrder', number: 1, trigger: mid('90', now(14)) },
    signed('1'),
    replace(1, 'a-4', { orderQty: sol(0.5) }),
    replace(1, 'a-5', { price: '99' }),
    { type: 'CancelOrder', number: 1, clOrdId: 'a-6' },
    { type: 'WithdrawRequest', number: 1, clOrdId: 'a-5' },
    landed('1', swap(sol(1), -usdc(90))),
    place(limit({ clOrdId: 'b', orderQty: sol(1) })),
    { type: 'CancelOrder', number: 2, clOrdId: 'b-2' },
  ]),
  account('lists', [
    ...funds,
    list('one', 'oco', [
      limit({ clOrdId: 'a', side: 'sell', price: '120' }),
      limit({ clOrdId: 'b', side: 'sell', price: '110', orderQty: sol(2) }),
    ]),
    { type: 'TriggerOrder', number: 1, trigger: mid('121', now(12)) },
    signed('1'),
    landed('1', swap(-sol(0.5), usdc(60))),
    list('two', 'bracket', [
      request({ clOrdId: 'c', orderQty: sol(1) }),
      limit({ clOrdId: 'd', side: 'sell', price: '130' }),
      limit({ clOrdId: 'e', type: 'stop_limit', side: 'sell', stopPrice: '80', price: '79' }),
    ]),
    signed('3'),
    landed('3', swap(sol(1), -usdc(100))),
    list('three', 'oto', [limit({ clOrdId: 'f' }), limit({ clOrdId: 'g', side: 'sell', price: '150' })]),
    { type: 'CancelOrders', filter: { listId: 'three' } },
  ]),
]

const list = (listId: string, kind: 'oco' | 'oto' | 'bracket', legs: readonly OrderRequest[]): AccountCommand => ({
  ...{ type: 'PlaceList', listId, kind, legs },
  ...{ instrument: INSTRUMENT, reference: mid('100') },
})
