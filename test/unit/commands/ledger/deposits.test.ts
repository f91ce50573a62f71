import assert from 'node:assert/strict'
import {
  afterDepositAttempt,
  creditDeposit,
  type DepositState,
  failDeposit,
  MAX_DEPOSIT_ATTEMPTS,
  newDeposit,
  requestDeposit,
  reverseDeposit,
} from '../../../../src/commands/ledger/deposit.ts'
import type { TokenDelta } from '../../../../src/events/account/transaction-events.ts'
import { SOL, USDC, usdc, WALLET } from '../account-story.ts'

const waiting: DepositState = {
  ...{ depositId: 'x', asset: 'USDC', mint: USDC.mint, decimals: 6, amount: usdc(5), source: 'faucet', status: 'requested' },
  ...{ attempts: 0, requestedRevision: 7n },
}
const grew = (tokenAccount: string, amount: bigint, owner = WALLET, mint = USDC.mint): TokenDelta => ({
  ...{ tokenAccount, owner, mint, amount: amount.toString() },
})
const credits = (...deltas: TokenDelta[]) =>
  creditDeposit(waiting, deltas, WALLET, 'sig', 9).map(({ type, data }) => {
    assert.equal(type, 'FundsCredited')
    return data
  })

describe('a deposit as it is asked for', () => {
  it('carries the asset’s terms, and waits with no attempt made', () => {
    const event = requestDeposit('x', USDC, usdc(5), 9)
    const data = { depositId: 'x', asset: 'USDC', mint: 'MintUSDC', amount: '5000000', decimals: 6, at: 9 }
    assert.deepEqual(event, { type: 'FundsDepositRequested', data })
    assert.deepEqual(newDeposit(data, 'faucet', 7n), waiting)
    assert.equal(newDeposit(data, 'wallet', 7n).source, 'wallet')
  })
})

describe('the credit of a deposit', () => {
  it('is what came, once for each token account of the wallet that grew', () => {
    const told = { depositId: 'x', asset: 'USDC', signature: 'sig', at: 9 }
    assert.deepEqual(credits(grew('a', usdc(4)), grew('b', 1n)), [
      { ...told, amount: '4000000', tokenAccount: 'a' },
      { ...told, amount: '1', tokenAccount: 'b' },
    ])
  })
  it('is the sum of all changes of one account', () => {
    assert.deepEqual(
      credits(grew('a', 7n), grew('a', -2n)).map(({ amount }) => amount),
      ['5'],
    )
  })
  it('is nothing for an account that ended where it began, or lower', () => {
    assert.deepEqual(credits(grew('a', 2n), grew('a', -2n), grew('b', -1n)), [])
  })
  it('counts neither what another owner nor what another mint got', () => {
    assert.deepEqual(credits(grew('a', 5n, 'Somebody'), grew('b', 5n, WALLET, SOL.mint)), [])
  })
})

describe('a deposit whose attempts do not credit it', () => {
  const cause = { type: 'TransactionFailed', ref: 'd-x', attempt: 20 }
  const ends = (change: Partial<DepositState>) => afterDepositAttempt({ ...waiting, ...change }, 'custom:1', cause, 9)

  it('is given up with the twentieth, not with the nineteenth', () => {
    assert.deepEqual(ends({ attempts: MAX_DEPOSIT_ATTEMPTS - 2 }), [])
    assert.deepEqual(ends({ attempts: MAX_DEPOSIT_ATTEMPTS - 1 }), [failDeposit(waiting, 'custom:1', cause, 9)])
  })
  it('is never given up once it was credited, or while the money lies in the wallet', () => {
    assert.deepEqual(ends({ attempts: MAX_DEPOSIT_ATTEMPTS, status: 'credited' }), [])
    assert.deepEqual(ends({ attempts: MAX_DEPOSIT_ATTEMPTS, source: 'wallet' }), [])
  })
  it('tells what its failure reverses', () => {
    assert.deepEqual(failDeposit(waiting, 'custom:1', cause, 9), {
      type: 'FundsDepositFailed',
      data: {
        ...{ depositId: 'x', reason: 'custom:1', at: 9 },
        compensates: { cause, command: 'd-x', reverses: 'deposit', effect: { asset: 'USDC', amount: '5000000' } },
      },
    })
  })
})

describe('a credit whose transaction vanished', () => {
  it('goes back out as much as it was, whatever had been asked for', () => {
    assert.deepEqual(reverseDeposit(waiting, usdc(4), 'sig', 2, 9), {
      type: 'FundsDepositReversed',
      data: {
        ...{ depositId: 'x', asset: 'USDC', amount: '4000000', signature: 'sig', at: 9 },
        compensates: {
          ...{ cause: { type: 'TransactionVanished', ref: 'd-x', attempt: 2 }, command: 'd-x', reverses: 'credit' },
          effect: { asset: 'USDC', amount: '4000000' },
        },
      },
    })
  })
})
