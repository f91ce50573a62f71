import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { SEGMENT_ROWS } from '../../../src/commands/account/known-ids.ts'
import { encodeState } from '../../../src/commands/handler/snapshot-codec.ts'
import { SNAPSHOT_MAX_BYTES } from '../../../src/commands/handler/snapshot-store.ts'
import { MAX_OPEN_ORDERS } from '../../../src/commands/limits/open-orders.ts'
import { funded, limit, place, sol } from './account-story.ts'

/** Ids as long and as random as the contract allows. */
const id = (n: number): string => createHash('sha512').update(String(n)).digest('base64url').slice(0, 48)

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
    const full = { rejected: s.state.rejected.size, closed: s.state.closed.size, canceled: s.state.canceled.size, open: s.state.openOrders }
    assert.deepEqual(full, { rejected: 1_000, closed: SEGMENT_ROWS - 1, canceled: 100, open: MAX_OPEN_ORDERS })
    const bytes = deflateRawSync(JSON.stringify(encodeState(s.state)), { level: 1 }).toString('base64').length
    assert.ok(bytes < SNAPSHOT_MAX_BYTES - 8_192, `${bytes} bytes`)
  })
})
