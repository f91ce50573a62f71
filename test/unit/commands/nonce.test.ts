import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { codeOf, expired, failed, finalized, funded, landed, place, request, signed, sol, swap, typesOf, usdc } from './account-story.ts'

const nonce = { account: 'NonceAccount', value: 'v1', authority: 'FeePayer' }
const over = (command: AccountCommand): AccountCommand => ({ ...command, nonce }) as AccountCommand
const own = (purpose: 'nonce_setup' | 'nonce_advance', attempt = 1): AccountCommand =>
  ({ ...signed('n-NonceAccount', attempt), purpose }) as AccountCommand
const placed = () => {
  const s = funded()
  for (const clOrdId of ['c-1', 'c-2']) s.does(place(request({ clOrdId, orderQty: sol(1) })))
  return s
}

describe('transactions over a durable nonce', () => {
  it('live by it one at a time', () => {
    const s = placed()
    assert.deepEqual(typesOf(s.does(over(signed('1')))), ['TransactionSigned'])
    assert.deepEqual(s.state.attempts.get('1')?.nonce, nonce)
    assert.equal(codeOf(s.does(over(signed('2')))), 'ignored')
    assert.deepEqual(typesOf(s.does(signed('2'))), ['TransactionSigned'], 'over a blockhash it may')
    s.does(landed('1', swap(sol(1), -usdc(100))))
    assert.equal(codeOf(s.does(over({ ...signed('2', 2) } as AccountCommand))), 'ignored')
  })

  it('are cancelled by a transaction of its own ref, which books its fee and nothing else', () => {
    const s = placed()
    assert.equal(codeOf(s.does(own('nonce_advance'))), 'ignored', 'nothing to cancel')
    assert.deepEqual(typesOf(s.does(own('nonce_setup'))), ['TransactionSigned'])
    assert.equal(codeOf(s.does(over(signed('1')))), 'ignored', 'the account is being made')
    assert.deepEqual(typesOf(s.does(landed('n-NonceAccount', []))), ['TransactionLanded'])
    s.does(over(signed('1')))
    assert.deepEqual(typesOf(s.does(own('nonce_advance', 2))), ['TransactionSigned'])
    assert.equal(codeOf(s.does(own('nonce_advance', 3))), 'ignored', 'one is under way')
    assert.deepEqual(typesOf(s.does(failed('n-NonceAccount', 'custom:7', 2))), ['TransactionFailed'])
    s.does(own('nonce_advance', 3))
    s.does(landed('n-NonceAccount', [], 3))
    assert.deepEqual(typesOf(s.does(expired('1'))), ['TransactionExpired'])
    assert.equal(s.state.orders.get(1)?.ordStatus, 'New', 'to be tried again')
    assert.equal(codeOf(s.does(own('nonce_advance', 4))), 'ignored')
    s.does(finalized('n-NonceAccount', 3))
    assert.equal(s.state.attempts.get('n-NonceAccount')?.attempt, 3, 'numbers go on')
    assert.deepEqual(typesOf(s.does(over(signed('1', 2)))), ['TransactionSigned'])
  })

  it('are cancelled in a halt too, in which nothing else is signed', () => {
    const s = placed()
    const halted = { scope: 'global', state: 'HALTED', ageMs: 0, tripMs: 0 } as never
    s.does(over(signed('1')))
    assert.equal(codeOf(s.does({ ...signed('2'), control: halted } as AccountCommand)), 'ignored')
    assert.equal(codeOf(s.does({ ...own('nonce_setup'), control: halted } as AccountCommand)), 'ignored')
    assert.deepEqual(typesOf(s.does({ ...own('nonce_advance'), control: halted } as AccountCommand)), ['TransactionSigned'])
  })
})
