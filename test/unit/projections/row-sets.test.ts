import assert from 'node:assert/strict'
import { type BalanceRow, balancesTable } from '../../../src/projections/read-models/balances.ts'
import { createRowSets } from '../../../src/projections/rows/rows.ts'
import type { Table } from '../../../src/projections/rows/table.ts'

const row = (asset: string, available: bigint): BalanceRow => ({
  accountId: 'a',
  asset,
  available,
  reserved: 0n,
  provisional: 0n,
  revision: 1n,
  position: 1n,
})

describe('row sets of a batch', () => {
  it('collapse changes of a row and report only changed rows', () => {
    const sets = createRowSets()
    sets.fill(balancesTable, [['a']], [row('SOL', 1n), row('USDC', 1n)])
    const rows = sets.of(balancesTable)
    rows.put(row('SOL', 2n))
    rows.put(row('SOL', 3n))
    assert.deepEqual(rows.changed(), [row('SOL', 3n)])
    assert.deepEqual([...rows.all()], [row('SOL', 3n), row('USDC', 1n)])
  })

  it('take back the changes of a faulty event, and no others', () => {
    const sets = createRowSets()
    sets.fill(balancesTable, [['a']], [row('SOL', 1n)])
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

  it('remember what was stored, whole groups alone', () => {
    const sets = createRowSets()
    assert.equal(sets.wanted(table(balancesTable), ['a']), false)
    sets.fill(balancesTable, [['a']], [row('SOL', 1n)])
    sets.of(balancesTable).put(row('USDC', 5n))
    sets.of(balancesTable).put({ ...row('SOL', 7n), accountId: 'never asked for' })
    sets.keep()
    sets.stored()
    assert.deepEqual(sets.of(balancesTable).changed(), [])
    assert.equal(sets.wanted(table(balancesTable), ['a']), true)
    assert.deepEqual(sets.of(balancesTable).group('a'), [row('SOL', 1n), row('USDC', 5n)])
    assert.equal(sets.of(balancesTable).get('never asked for', 'SOL'), undefined)
    assert.equal(sets.wanted(table(balancesTable), ['never asked for']), false)
  })

  it('forget the groups longest unused', () => {
    const sets = createRowSets(2)
    for (const accountId of ['a', 'b', 'c']) {
      sets.fill(balancesTable, [[accountId]], [{ ...row('SOL', 1n), accountId }])
      sets.wanted(table(balancesTable), ['a'])
    }
    sets.stored()
    const known = ['a', 'b', 'c'].filter((accountId) => sets.wanted(table(balancesTable), [accountId]))
    assert.deepEqual(known, ['a', 'c'])
    assert.equal(sets.of(balancesTable).get('b', 'SOL'), undefined)
  })

  it('know a group without rows, and take back a row that was put into it', () => {
    const sets = createRowSets()
    sets.fill(balancesTable, [['new']], [])
    sets.of(balancesTable).put({ ...row('SOL', 1n), accountId: 'new' })
    sets.revoke()
    assert.deepEqual(sets.of(balancesTable).group('new'), [])
    assert.throws(() => sets.of(balancesTable).group('other'), /were not asked for/)
  })
})

const table = (one: Table<BalanceRow>): Table<never> => one as unknown as Table<never>
