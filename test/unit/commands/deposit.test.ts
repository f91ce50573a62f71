import assert from 'node:assert/strict'
import { MAX_DEPOSIT_ATTEMPTS } from '../../../src/commands/ledger/deposit.ts'
import {
  balance,
  codeOf,
  expired,
  failed,
  finalized,
  landed,
  signed,
  story,
  typesOf,
  USDC,
  usdc,
  vanished,
  WALLET,
} from './account-story.ts'

const ask = (amount = usdc(5)) => ({ type: 'RequestDeposit', depositId: 'x', asset: USDC, amount }) as const
const credit = (amount: bigint) => [{ tokenAccount: 'ata', owner: WALLET, mint: USDC.mint, amount: amount.toString() }]
const asked = () =>
  story(
    { type: 'OpenAccount', accountId: 'acct' },
    { type: 'AssignWallet', publicKey: WALLET, path: 'm' },
    ask(),
    signed('d-x', 1, 'deposit'),
  )

describe('a deposit', () => {
  it('is credited with what arrived, and its id stays known', () => {
    const s = asked()
    assert.deepEqual(typesOf(s.does(landed('d-x', credit(usdc(4))))), ['TransactionLanded', 'FundsCredited'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(4), 0n])
    assert.equal(codeOf(s.does(ask())), 'repeated')
    assert.equal(codeOf(s.does(ask(usdc(6)))), 'duplicate_deposit_id')
    s.does(finalized('d-x'))
    assert.equal(s.state.deposits.size, 0)
    assert.deepEqual(s.does(ask()).answer, { kind: 'repeated', revision: 2n })
    assert.equal(codeOf(s.does(ask(usdc(6)))), 'duplicate_deposit_id')
  })

  it('waits for the wallet', () => {
    const s = story({ type: 'OpenAccount', accountId: 'acct' }, ask())
    assert.equal(codeOf(s.does(signed('d-x', 1, 'deposit'))), 'ignored')
  })

  it('is attempted 20 times, then failed with a compensation', () => {
    const s = asked()
    for (let attempt = 1; attempt < MAX_DEPOSIT_ATTEMPTS; attempt++) {
      assert.equal(typesOf(s.does(attempt % 2 ? failed('d-x', 'custom:1', attempt) : expired('d-x', attempt))).length, 1)
      s.does(finalized('d-x', attempt))
      assert.equal(codeOf(s.does(signed('d-x', attempt + 1, 'deposit'))), 'done')
    }
    assert.deepEqual(typesOf(s.does(failed('d-x', 'custom:1', MAX_DEPOSIT_ATTEMPTS))), ['TransactionFailed', 'FundsDepositFailed'])
    assert.equal(s.state.deposits.get('x')?.status, 'failed')
  })

  it('is reversed when its transaction vanishes, and credited again when it lands again', () => {
    const s = asked()
    s.does(landed('d-x', credit(usdc(5))))
    assert.deepEqual(typesOf(s.does(vanished('d-x'))), ['TransactionVanished', 'FundsDepositReversed'])
    assert.deepEqual(balance(s, 'USDC'), [0n, 0n])
    s.does(landed('d-x', credit(usdc(5))))
    assert.deepEqual(balance(s, 'USDC'), [usdc(5), 0n])
  })

  it('can be given up only while no attempt is open', () => {
    const s = asked()
    const giveUp = { type: 'FailDeposit', depositId: 'x', reason: 'no faucet' } as const
    assert.equal(codeOf(s.does(giveUp)), 'ignored')
    s.does(expired('d-x'))
    assert.deepEqual(typesOf(s.does(giveUp)), ['FundsDepositFailed'])
    assert.equal(s.state.deposits.size, 0)
  })
})
