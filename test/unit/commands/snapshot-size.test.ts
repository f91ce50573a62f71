import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { SEGMENT_ROWS } from '../../../src/commands/account/known-ids.ts'
import { encodeState } from '../../../src/commands/handler/snapshot-codec.ts'
import { SNAPSHOT_MAX_BYTES } from '../../../src/commands/handler/snapshot-store.ts'
import { MAX_OPEN_DEPOSITS, MAX_OPEN_PAYOUTS } from '../../../src/commands/ledger/open-funds.ts'
import { MAX_OPEN_ORDERS } from '../../../src/commands/limits/open-orders.ts'
import { funded, limit, place, SOL, signed, sol, USDC, usdc } from './account-story.ts'

/** Ids as long and as random as the contract allows. */
const id = (n: number): string => createHash('sha512').update(String(n)).digest('base64url').slice(0, 48)

const signedAtLength = (ref: string, purpose: 'deposit' | 'withdrawal'): AccountCommand =>
  ({ ...signed(ref, 1, purpose), signature: createHash('sha512').update(ref).digest('base64url') }) as AccountCommand

describe('the snapshot of an account with everything full', function () {
  this.timeout(60_000)
  it('stays within 256 KiB', () => {
    const s = funded()
    let n = 0
    const small = () => place(limit({ clOrdId: id(++n), orderQty: 1_000n + BigInt(n), price: `${1 + (n % 97) / 100}` }))
    for (let i = 0; i < 1_000; i++) s.does(place(limit({ clOrdId: id(++n), orderQty: sol(100_000) })), n * 1_000)
    while (s.state.closed.size < SEGMENT_ROWS - 1) {
      const number = s.state.nextOrder
      s.does(small(), n * 1_000)
      s.does({ type: 'CancelOrder', number }, n * 1_000)
    }
    while (s.state.openOrders < MAX_OPEN_ORDERS) s.does(small(), n * 1_000)
    // money in and out, each under a transaction of its own
    for (let i = s.state.deposits.size; i < MAX_OPEN_DEPOSITS; i++) {
      const depositId = id(++n)
      s.does({ type: 'RequestDeposit', depositId, asset: USDC, amount: usdc(1) + BigInt(n) }, n * 1_000)
      s.does(signedAtLength(`d-${depositId}`, 'deposit'), n * 1_000)
    }
    for (let i = 0; i < MAX_OPEN_PAYOUTS; i++) {
      const withdrawalId = id(++n)
      s.does(
        { type: 'RequestWithdrawal', withdrawalId, asset: SOL, amount: 1_000n + BigInt(n), destination: id(-n).slice(0, 44) },
        n * 1_000,
      )
      s.does({ type: 'ConfirmWithdrawal', withdrawalId }, n * 1_000)
      s.does(signedAtLength(`w-${withdrawalId}`, 'withdrawal'), n * 1_000)
    }
    assert.deepEqual(
      [s.state.deposits.size, s.state.payouts.size, s.state.attempts.size],
      [MAX_OPEN_DEPOSITS, MAX_OPEN_PAYOUTS, MAX_OPEN_DEPOSITS + MAX_OPEN_PAYOUTS],
    )
    const full = { rejected: s.state.rejected.size, closed: s.state.closed.size, canceled: s.state.canceled.size, open: s.state.openOrders }
    assert.deepEqual(full, { rejected: 1_000, closed: SEGMENT_ROWS - 1, canceled: 100, open: MAX_OPEN_ORDERS })
    const bytes = deflateRawSync(JSON.stringify(encodeState(s.state)), { level: 1 }).toString('base64').length
    assert.ok(bytes < SNAPSHOT_MAX_BYTES - 8_192, `${bytes} bytes`)
  })
})
