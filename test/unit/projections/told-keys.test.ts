import assert from 'node:assert/strict'
import type { RecordedEvent } from '../../../src/events/store/event-store.ts'
import { parseAccountStream } from '../../../src/events/streams.ts'
import { changedDocuments } from '../../../src/projections/cache/documents.ts'
import { keysOfEvent, toldKeys } from '../../../src/projections/cache/told-keys.ts'
import { documentKey, orderOfAlgo, placeOf, TOLD_MODELS } from '../../../src/projections/document-keys.ts'
import { type Born, factOf, ofAccount, type Want } from '../../../src/projections/projection.ts'
import { ordersTable, rareFactsOf } from '../../../src/projections/read-models/orders.ts'
import { READ_MODELS } from '../../../src/projections/read-models.ts'
import { createRowSets, type RowSets } from '../../../src/projections/rows/rows.ts'
import type { Table, Value } from '../../../src/projections/rows/table.ts'
import { goldenFiles, goldenVersions, readGolden } from '../../golden/corpus.ts'

/** Projects a stream event by event, as batches of one, and shows what each of them changed. */
const eachStep = (events: readonly RecordedEvent[], step: (event: RecordedEvent, rows: RowSets) => void): void => {
  const stored = new Map<string, Map<string, object>>()
  const rows = createRowSets()
  const want: Want = (table, ...key) => {
    if (rows.wanted(table as unknown as Table<never>, key)) return
    const group = [...(stored.get(table.name)?.values() ?? [])] as never[]
    rows.fill(
      table,
      [key],
      group.filter((row) => table.loadBy.every((field, n) => row[field] === key[n])),
    )
  }
  const born: Born = (table, ...key: Value[]) => {
    if (!rows.wanted(table as unknown as Table<never>, key)) rows.fill(table, [key], [])
  }
  for (const event of events) {
    const fact = factOf(event)
    for (const model of READ_MODELS) model.reads?.(fact, want, born)
    for (const model of READ_MODELS) model.apply(fact, rows)
    rows.keep()
    step(event, rows)
    for (const { table } of READ_MODELS) {
      const own = stored.get(table.name) ?? new Map<string, object>()
      for (const row of rows.of(table).changed() as Record<string, unknown>[])
        own.set((table.key as readonly string[]).map((field) => String(row[field])).join('|'), row)
      stored.set(table.name, own)
    }
    rows.stored()
  }
}

const stories = goldenVersions().flatMap((version) =>
  goldenFiles(version)
    .map((file) => ({ name: `v${version}/${file}`, ...readGolden(version, file) }))
    .filter(({ stream }) => parseAccountStream(stream)),
)

describe('what streams tell', () => {
  it('is the same by the rows that an event changed as by the event alone, for every event in the corpus', () => {
    const models = new Set<string>()
    for (const { name, stream, events } of stories) {
      const recorded = events.map(
        (event, n): RecordedEvent => ({
          ...event,
          ...{ streamId: stream, revision: BigInt(n), created: 0, position: { commit: BigInt(n), prepare: BigInt(n) } },
        }),
      )
      eachStep(recorded, (event, rows) => {
        const fact = factOf(event)
        assert(ofAccount(fact))
        const changed = new Set([...changedDocuments(rows).map(({ key }) => key), ...toldKeys(rows)])
        const byEvent = new Set(
          keysOfEvent(fact).flatMap((key) => {
            const { model, accountId, id } = placeOf(key)!
            const number = model === 'algos' ? orderOfAlgo(id) : undefined
            if (number === undefined) return [key]
            const order = rows.of(ordersTable).get(accountId, BigInt(number))
            const algo = order && rareFactsOf(order).algo
            return algo ? [documentKey('algos', accountId, algo.algoId)] : []
          }),
        )
        const untold = [...changed].filter((key) => !byEvent.has(key))
        assert.deepEqual(untold, [], `${name}: ${event.type} at ${event.revision}`)
        // balances may be told without having changed, and what a finality does not end
        const invented = [...byEvent].filter((key) => !changed.has(key) && !/^[bw]:/.test(key))
        assert.deepEqual(invented, [], `${name}: ${event.type} at ${event.revision}`)
        for (const key of changed) models.add(placeOf(key)!.model)
      })
    }
    assert.deepEqual([...models].sort(), Object.keys(TOLD_MODELS).sort())
  })

  it('is named by keys that give back what they were made of', () => {
    for (const place of [
      { model: 'balances', accountId: 'a-1', id: '' },
      { model: 'positions', accountId: 'a', id: 'SOL/USDC' },
      { model: 'transfers', accountId: 'a', id: 'r-b.t1' },
    ] as const)
      assert.deepEqual(placeOf(documentKey(place.model, place.accountId, place.id)), place)
    assert.equal(placeOf('x:a'), undefined)
  })
})
