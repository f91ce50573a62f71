import assert from 'node:assert/strict'
import { type BalanceRow, balancesTable } from '../../../src/projections/read-models/balances.ts'
import { type LedgerEntryRow, ledgerEntriesTable } from '../../../src/projections/read-models/ledger-entries.ts'
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

const entry = (revision: bigint, place: number): LedgerEntryRow => ({
  accountId: 'a',
  revision,
  entry: place,
  ledgerAccount: 'available',
  kind: 'deposit',
  asset: 'SOL',
  amount: 1n,
  eventType: 'FundsCredited',
  ref: null,
  at: 1n,
  position: revision,
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

  it('spare a group that was used once, not for ever', () => {
    const sets = createRowSets(1)
    sets.fill(balancesTable, [['a']], [row('SOL', 1n)])
    sets.wanted(table(balancesTable), ['a'])
    sets.fill(balancesTable, [['b']], [])
    sets.stored()
    sets.fill(balancesTable, [['c']], [])
    sets.stored()
    const known = ['a', 'b', 'c'].filter((accountId) => sets.wanted(table(balancesTable), [accountId]))
    assert.deepEqual(known, ['c'])
    assert.deepEqual([...sets.of(balancesTable).all()], [])
  })

  it('keep rows of one event alone until they are stored, and take back those of a faulty one', () => {
    const sets = createRowSets()
    const entries = sets.of(ledgerEntriesTable)
    entries.put(entry(1n, 0))
    entries.put(entry(1n, 1))
    sets.keep()
    entries.put(entry(2n, 0))
    sets.revoke()
    assert.deepEqual(entries.changed(), [entry(1n, 0), entry(1n, 1)])
    assert.deepEqual([...entries.all()], [entry(1n, 0), entry(1n, 1)])
    sets.stored()
    assert.deepEqual([...entries.changed(), ...entries.all()], [])
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
