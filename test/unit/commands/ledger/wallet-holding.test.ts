import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import { walletHolding } from '../../../../src/commands/ledger/wallet-holding.ts'
import {
  charged,
  failed,
  finalized,
  funded,
  landed,
  left,
  limit,
  place,
  request,
  type Story,
  signed,
  sol,
  story,
  swap,
  USDC,
  usdc,
  WALLET,
} from '../account-story.ts'

/** What lands in these histories lands in slot 10. */
const [BEFORE, LANDED] = [9, 10]
const holds = (s: Story, slot: number) => ['SOL', 'USDC'].map((asset) => walletHolding(s.state, asset, slot))
const traded = (side: 'buy' | 'sell', base: bigint, quote: bigint, change: Parameters<typeof request>[0] = {}) => {
  const s = funded()
  s.does(charged(place(request({ side, ...change }))))
  s.does(signed('1'))
  s.does(landed('1', swap(base, quote)))
  return s
}

describe('what a wallet should hold', () => {
  it('is all that is settled, reserved or not', () => {
    const s = funded()
    s.does(place(limit({ orderQty: sol(2) })))
    assert.deepEqual(holds(s, BEFORE), [sol(10), usdc(1_000)])
    assert.equal(walletHolding(s.state, 'BONK', BEFORE), 0n)
  })
  it('has the whole of a purchase from its slot on: the fee lies there for the house, the surplus for the trader', () => {
    const s = traded('buy', sol(1.5), -usdc(100))
    assert.deepEqual(holds(s, BEFORE), [sol(10), usdc(1_000)])
    assert.deepEqual(holds(s, LANDED), [sol(11.5), usdc(900)])
  })
  it('has the whole of a sale from its slot on', () => {
    const s = traded('sell', -sol(1.5), usdc(100))
    assert.deepEqual(holds(s, BEFORE), [sol(10), usdc(1_000)])
    assert.deepEqual(holds(s, LANDED), [sol(8.5), usdc(1_100)])
  })
  it('has it at any slot once it is final', () => {
    const s = traded('buy', sol(1), -usdc(100))
    s.does(finalized('1'))
    assert.deepEqual(holds(s, BEFORE), [sol(11), usdc(900)])
  })
  it('has a credit from its slot on', () => {
    const s = story({ type: 'OpenAccount', accountId: 'acct' }, { type: 'AssignWallet', publicKey: WALLET, path: 'm' })
    s.does({ type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: usdc(5) })
    s.does(signed('d-x', 1, 'deposit'))
    s.does(landed('d-x', left(-usdc(5))))
    assert.deepEqual(
      [holds(s, BEFORE), holds(s, LANDED)],
      [
        [0n, 0n],
        [0n, usdc(5)],
      ],
    )
  })
  it('is not changed by what failed', () => {
    const s = funded()
    s.does(place(request()))
    s.does(signed('1'))
    s.does(failed('1'))
    assert.deepEqual([holds(s, BEFORE), holds(s, LANDED)], [holds(funded(), BEFORE), holds(funded(), BEFORE)])
  })
  it('is without a payout from its slot on, and only by the transaction that sent it', () => {
    const s = funded()
    const commands: readonly AccountCommand[] = [
      { type: 'RequestWithdrawal', withdrawalId: 'w', asset: USDC, amount: usdc(100), destination: 'Elsewhere' },
      { type: 'ConfirmWithdrawal', withdrawalId: 'w' },
      signed('w-w', 1, 'withdrawal'),
    ]
    for (const command of commands) s.does(command)
    s.does(failed('w-w', 'custom:1'))
    assert.deepEqual([holds(s, BEFORE), holds(s, LANDED)], [holds(funded(), BEFORE), holds(funded(), BEFORE)])
    s.does(finalized('w-w'))
    s.does(signed('w-w', 2, 'withdrawal'))
    s.does(landed('w-w', left(usdc(100)), 2))
    assert.deepEqual(holds(s, BEFORE), [sol(10), usdc(1_000)])
    assert.deepEqual(holds(s, LANDED), [sol(10), usdc(900)])
  })
})
