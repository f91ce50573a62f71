import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { postingsOf } from '../../../src/events/postings.ts'
import { balance, codeOf, expired, finalized, landed, SOL, signed, sol, story, typesOf, USDC, usdc, WALLET } from './account-story.ts'

const opened = () => story({ type: 'OpenAccount', accountId: 'acct' }, { type: 'AssignWallet', publicKey: WALLET, path: 'm' })
const gift = (signature = 'gift', slot = 7, amount = usdc(3), tokenAccount = 'ata-usdc') =>
  ({ type: 'BookUnrequestedCredit', signature, slot, tokenAccount, asset: USDC, amount }) as const
const native = (signature = 'gift', amount = sol(2)) =>
  ({ type: 'BookUnrequestedCredit', signature, slot: 7, tokenAccount: WALLET, asset: SOL, amount }) as const
const idOf = (signature: string) => `chain-${createHash('sha256').update(signature).digest('hex').slice(0, 32)}`

describe('a transfer that nobody had asked for', () => {
  it('is a deposit of its own name, credited once per signature and token account', () => {
    const s = opened()
    const decision = s.does(gift())
    assert.deepEqual(typesOf(decision), ['FundsCredited'])
    assert.equal((decision.events[0]!.data as { depositId: string }).depositId, idOf('gift'))
    assert.deepEqual(balance(s, 'USDC'), [usdc(3), 0n])
    assert.equal(codeOf(s.does(gift())), 'ignored')
    assert.equal(codeOf(s.does(gift('gift', 9))), 'ignored', 'the same signature of another slot')
    assert.deepEqual(typesOf(s.does(gift('other', 7, usdc(1)))), ['FundsCredited'])
    assert.deepEqual(balance(s, 'USDC'), [usdc(4), 0n])
    assert.equal(s.state.deposits.size, 0)
  })

  it('that fills two token accounts at once is two deposits', () => {
    const s = opened()
    const ids = [s.does(gift('both')), s.does(gift('both', 7, usdc(1), 'ata-bonk')), s.does(native('both'))].map(
      ({ events }) => (events[0]!.data as { depositId: string }).depositId,
    )
    assert.deepEqual(ids, [idOf('both'), `${idOf('both')}-2`, `${idOf('both')}-3`])
  })

  it('stays known for ever: of the old ones by their slot', () => {
    const s = opened()
    for (let slot = 1; slot <= 300; slot++) assert.deepEqual(typesOf(s.does(gift(`g-${slot}`, slot, 1n))), ['FundsCredited'])
    assert.deepEqual(balance(s, 'USDC'), [300n, 0n])
    for (let slot = 1; slot <= 300; slot++) assert.equal(codeOf(s.does(gift(`g-${slot}`, slot, 1n))), 'ignored')
    assert.ok(s.state.unrequested.get('ata-usdc')!.newest.size <= 101)
    // Another token account has its own past.
    assert.deepEqual(typesOf(s.does(gift('late', 5, 1n, 'ata-bonk'))), ['FundsCredited'])
  })

  it('in one slot of many is not forgotten by halves', () => {
    const s = opened()
    for (let i = 0; i < 250; i++) s.does(gift(`same-${i}`, 5, 1n))
    for (let i = 0; i < 250; i++) assert.equal(codeOf(s.does(gift(`same-${i}`, 5, 1n))), 'ignored')
    s.does(gift('next', 6, 1n))
    for (let i = 0; i < 250; i++) assert.equal(codeOf(s.does(gift(`same-${i}`, 5, 1n))), 'ignored')
    assert.deepEqual(balance(s, 'USDC'), [251n, 0n])
  })

  it('is no credit when it is our own transaction, nothing, or nobody’s', () => {
    const s = opened()
    s.does({ type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: usdc(5) })
    s.does(signed('d-x', 1, 'deposit'))
    assert.equal(codeOf(s.does(gift('sig-d-x-1'))), 'ignored')
    assert.equal(codeOf(s.does(gift('zero', 7, 0n))), 'ignored')
    assert.equal(codeOf(story({ type: 'OpenAccount', accountId: 'acct' }).does(gift())), 'ignored')
    assert.equal(codeOf(story().does(gift())), 'not_found')
  })

  it('of native SOL is credited when it lies wrapped in the token account, and never given up', () => {
    const s = opened()
    const arrived = s.does(native())
    assert.deepEqual(typesOf(arrived), ['FundsArrived'])
    assert.deepEqual(postingsOf(arrived.events[0]!), [])
    const id = idOf('gift')
    const ref = `d-${id}`
    assert.equal(codeOf(s.does(native())), 'ignored')
    assert.equal(codeOf(s.does({ type: 'FailDeposit', depositId: id, reason: 'x' })), 'ignored')
    for (let attempt = 1; attempt <= 25; attempt++) {
      s.does(signed(ref, attempt, 'deposit'))
      assert.deepEqual(typesOf(s.does(expired(ref, attempt))), ['TransactionExpired'])
    }
    s.does(signed(ref, 26, 'deposit'))
    const wrapped = [{ tokenAccount: 'ata-sol', owner: WALLET, mint: SOL.mint, amount: sol(2).toString() }]
    assert.deepEqual(typesOf(s.does(landed(ref, wrapped, 26))), ['TransactionLanded', 'FundsCredited'])
    assert.deepEqual(balance(s, 'SOL'), [sol(2), 0n])
    s.does(finalized(ref, 26))
    assert.equal(s.state.deposits.size, 0)
    assert.equal(codeOf(s.does(native())), 'ignored')
  })

  it('keeps its ids for itself', () => {
    const s = opened()
    assert.equal(codeOf(s.does({ type: 'RequestDeposit', depositId: idOf('x'), asset: USDC, amount: 1n })), 'duplicate_deposit_id')
  })
})
