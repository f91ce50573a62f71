import assert from 'node:assert/strict'
import { type BalanceRow, balancesTable } from '../../../src/projections/read-models/balances.ts'
import { createRowSets } from '../../../src/projections/rows/rows.ts'

const row = (asset: string, available: bigint): BalanceRow => ({
  accountId: 'a',
  asset,
  available,
  reserved: 0n,
  revision: 1n,
  position: 1n,
})

describe('row sets of a batch', () => {
  it('collapse changes of a row and report only changed rows', () => {
    const sets = createRowSets()
    sets.fill(balancesTable, [row('SOL', 1n), row('USDC', 1n)])
    const rows = sets.of(balancesTable)
    rows.put(row('SOL', 2n))
    rows.put(row('SOL', 3n))
    assert.deepEqual(rows.changed(), [row('SOL', 3n)])
    assert.deepEqual([...rows.all()], [row('SOL', 3n), row('USDC', 1n)])
  })

  it('take back the changes of a faulty event, and no others', () => {
    const sets = createRowSets()
    sets.fill(balancesTable, [row('SOL', 1n)])
    const rows = sets.of(balancesTable)
    rows.put(row('USDC', 5n))
    sets.keep()
    rows.put(row('SOL', 9n))
    rows.put(row('USDC', 9n))
    rows.put(row('BONK', 9n))
    sets.revoke()
    assert.deepEqual(rows.changed(), [row('USDC', 5n)])
    assert.deepEqual(rows.get('a', 'SOL'), row('SOL', 1n))
    assert.equal(rows.get('a', 'BONK'), undefined)
  })
})
