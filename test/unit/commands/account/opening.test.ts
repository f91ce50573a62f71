import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../../src/commands/account/command.ts'
import {
  expired,
  failed,
  finalized,
  funded,
  INSTRUMENT,
  landed,
  limit,
  mid,
  place,
  reasonOf,
  refusalOf,
  replace,
  request,
  SOL,
  signed,
  story,
  typesOf,
  USDC,
  usdc,
  vanished,
  WALLET,
} from '../account-story.ts'

const algo = { algoId: 'a', side: 'buy', quantity: 1n, lotSize: 1n, price: null, maxSlippageBps: 1, strategyId: null } as const
const ids = { ref: '1', attempt: 1, signature: 's' }

/** One of each kind. */
const COMMANDS: readonly AccountCommand[] = [
  { type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: 1n },
  place(request()),
  { type: 'CancelOrder', number: 1 },
  replace(1, 'r', { price: '1' }),
  { type: 'PlaceList', listId: 'L', kind: 'oco', legs: [limit()], instrument: INSTRUMENT, reference: mid('1') },
  { type: 'CancelOrders', filter: {} },
  { type: 'WithdrawRequest', number: 1, clOrdId: 'x' },
  { type: 'ArmDeadMan', timeoutMs: 1 },
  { type: 'FireDeadMan' },
  { type: 'ExpireOrder', number: 1 },
  { type: 'StartAlgo', request: { ...algo, plan: { kind: 'iceberg', displayQty: '1' }, instrument: INSTRUMENT } },
  { type: 'SetFeeTier', tier: 1, by: 'op' },
  { type: 'AssignWallet', publicKey: WALLET, path: 'm' },
  { type: 'BookUnrequestedCredit', signature: 's', slot: 1, tokenAccount: 't', asset: USDC, amount: 1n },
  { type: 'FailDeposit', depositId: 'x', reason: 'r' },
  { type: 'TriggerOrder', number: 1, trigger: mid('1') },
  { type: 'TrailOrder', number: 1, quote: mid('1'), tickSize: '1' },
  { type: 'HaltOrder', number: 1 },
  { type: 'KillOrder', number: 1, text: 'x' },
  signed('1'),
  landed('1', []),
  failed('1'),
  expired('1'),
  { type: 'BookUnknown', ...ids, reason: 'silent' },
  vanished('1'),
  finalized('1'),
  { type: 'RequestWithdrawal', withdrawalId: 'w', asset: USDC, amount: 1n, destination: 'x' },
  { type: 'CompareWithChain', asset: 'USDC', chain: 1n, slot: 1 },
]

describe('an account', () => {
  it('takes no command before it is opened', () => {
    for (const command of COMMANDS) {
      const decision = story().does(command)
      assert.deepEqual([refusalOf(decision), decision.events], [{ code: 'not_found', detail: 'no such account' }, []], command.type)
    }
  })
  it('is opened once', () => {
    const s = story()
    const first = s.does({ type: 'OpenAccount', accountId: 'acct' }, 5)
    assert.deepEqual(first, {
      events: [{ type: 'AccountOpened', data: { accountId: 'acct', at: 5 } }],
      answer: { kind: 'account', first: true },
    })
    assert.deepEqual([s.state.accountId, s.state.revision, s.state.lastAt], ['acct', 0n, 5])
    assert.deepEqual(s.does({ type: 'OpenAccount', accountId: 'acct' }), { events: [], answer: { kind: 'account', first: false } })
  })
  it('gets one wallet', () => {
    const s = story({ type: 'OpenAccount', accountId: 'acct' })
    const assigned = s.does({ type: 'AssignWallet', publicKey: WALLET, path: 'm/1' })
    assert.deepEqual(assigned.events, [{ type: 'WalletAssigned', data: { publicKey: WALLET, path: 'm/1', at: 1_000 } }])
    assert.deepEqual([assigned.answer, s.state.wallet], [{ kind: 'done' }, { publicKey: WALLET, path: 'm/1' }])
    const again = s.does({ type: 'AssignWallet', publicKey: 'Other', path: 'm/2' })
    assert.deepEqual([reasonOf(again), s.state.wallet?.publicKey], ['the account has a wallet', WALLET])
  })
  it('is in a fee tier, which is set by a name', () => {
    const s = story({ type: 'OpenAccount', accountId: 'acct' })
    assert.equal(reasonOf(s.does({ type: 'SetFeeTier', tier: 0, by: 'op' })), 'this is the tier in force')
    const set = s.does({ type: 'SetFeeTier', tier: 2, by: 'op' })
    assert.deepEqual(set.events, [{ type: 'LedgerFeeTierSet', data: { tier: 2, by: 'op', at: 1_000 } }])
    assert.equal(s.state.feeTier, 2)
  })
})

describe('a request for a deposit', () => {
  const ask = (depositId = 'x', asset = USDC, amount = usdc(5)): AccountCommand => ({ type: 'RequestDeposit', depositId, asset, amount })
  const conflict = { code: 'duplicate_deposit_id', detail: 'x was used for another asset or amount' }

  it('is on record and answered at once', () => {
    const decision = funded().does(ask())
    assert.deepEqual(typesOf(decision), ['FundsDepositRequested'])
    assert.deepEqual(decision.answer, { kind: 'deposit', deposit: { depositId: 'x', status: 'requested' }, first: true })
  })
  it('is answered again with the same terms, refused with other ones', () => {
    const s = funded()
    s.does(ask())
    const { revision } = s.state
    assert.deepEqual(s.does(ask()), { events: [], answer: { kind: 'repeated', revision } })
    assert.deepEqual(refusalOf(s.does(ask('x', SOL))), conflict)
    assert.deepEqual(refusalOf(s.does(ask('x', USDC, usdc(6)))), conflict)
  })
  it('is so also after its end', () => {
    const s = funded()
    s.does(ask())
    const { revision } = s.state
    s.does({ type: 'FailDeposit', depositId: 'x', reason: 'no faucet' })
    assert.equal(s.state.deposits.size, 0)
    assert.deepEqual(s.does(ask()), { events: [], answer: { kind: 'repeated', revision } })
    assert.deepEqual(refusalOf(s.does(ask('x', SOL))), conflict)
    assert.deepEqual(refusalOf(s.does(ask('x', USDC, usdc(6)))), conflict)
  })
  it('takes no id of what comes unrequested', () => {
    const depositId = `chain-${'0'.repeat(32)}`
    assert.deepEqual(refusalOf(funded().does(ask(depositId))), {
      ...{ code: 'duplicate_deposit_id', detail: `${depositId} is an id of transfers that come unrequested` },
    })
  })
})

describe('a deposit that is given up', () => {
  const giveUp = { type: 'FailDeposit', depositId: 'x', reason: 'no faucet' } as const
  const waiting = () => {
    const s = funded()
    s.does({ type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: usdc(5) })
    return s
  }
  const causeOf = ({ events: [event] }: ReturnType<ReturnType<typeof waiting>['does']>) =>
    event?.type === 'FundsDepositFailed' ? [event.data.reason, event.data.compensates.cause] : event

  it('names the attempt after which it was, if there was one', () => {
    assert.deepEqual(causeOf(waiting().does(giveUp)), ['no faucet', { type: 'FailDeposit', ref: 'd-x', attempt: null }])
    const s = waiting()
    s.does(signed('d-x', 1, 'deposit'))
    s.does(expired('d-x'))
    assert.deepEqual(causeOf(s.does(giveUp)), ['no faucet', { type: 'FailDeposit', ref: 'd-x', attempt: 1 }])
  })
  it('is one that waits, with no attempt under way and no money in the wallet', () => {
    assert.equal(reasonOf(funded().does(giveUp)), 'the deposit is not waiting')
    const s = waiting()
    s.does(signed('d-x', 1, 'deposit'))
    assert.equal(reasonOf(s.does(giveUp)), 'an attempt is open')
    s.does(landed('d-x', [{ tokenAccount: 'ata', owner: WALLET, mint: USDC.mint, amount: '5' }]))
    assert.equal(reasonOf(s.does(giveUp)), 'the deposit is not waiting')
  })
})
