import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { ShardStep } from '../../../src/projections/feed.ts'
import { createShardCache } from '../../../src/queries/shards/shard-cache.ts'

const step = (from: number, to: number, docs: Record<string, string> = {}, rest: Partial<ShardStep> = {}): ShardStep => ({
  ...{ map: 1, shard: 0, fence: 1n, from: BigInt(from), to: BigInt(to), reset: false },
  told: [],
  documents: Object.entries(docs).map(([key, json]) => ({ key, revision: 1n, json })),
  ...rest,
})
const message = (from: number, to: number, keys: string[] = [], namespace = 'ns:') => ({
  ...{ map: 1, shard: 0, fence: 1n, namespace, from: BigInt(from), to: BigInt(to), keys, reset: false },
})

describe('cache of a shard', () => {
  it('keeps a document true at the newest step that does not name it', () => {
    const cache = createShardCache()
    cache.applyStep(step(0, 10, { 'b:a': '1' }))
    cache.applyStep(step(10, 20, { 'b:b': '1' }))
    assert.deepEqual(cache.get('b:a'), { json: '1', asOf: 20n })
    cache.applyStep(step(20, 30, { 'b:a': '2' }))
    assert.deepEqual(cache.get('b:a'), { json: '2', asOf: 30n })
  })

  it('forgets everything after a gap, a reset or silence', () => {
    let now = 0
    const cache = createShardCache(() => now)
    cache.applyStep(step(0, 10, { 'b:a': '1' }))
    cache.applyStep(step(11, 20))
    assert.equal(cache.get('b:a'), undefined)
    cache.applyStep(step(20, 30, { 'b:a': '1' }))
    cache.applyStep(step(30, 40, {}, { reset: true }))
    assert.equal(cache.get('b:a'), undefined)
    cache.applyStep(step(40, 50, { 'b:a': '1' }))
    now = 3_001
    assert.equal(cache.get('b:a'), undefined)
    // a sign of life after the silence: what happened meanwhile is unknown
    cache.applyStep(step(50, 50))
    assert.equal(cache.get('b:a'), undefined)
  })

  it('does not listen to an owner that has been replaced', () => {
    const cache = createShardCache()
    cache.applyStep(step(0, 10, { 'b:a': 'new' }, { fence: 2n }))
    cache.applyStep(step(10, 20, { 'b:a': 'old' }, { fence: 1n }))
    assert.deepEqual(cache.get('b:a'), { json: 'new', asOf: 10n })
  })

  it('takes a reader’s find only when no step has passed it by', () => {
    const cache = createShardCache()
    cache.fill('b:a', { json: 'nobody tells', asOf: 99n })
    assert.equal(cache.get('b:a'), undefined)
    cache.applyStep(step(0, 10))
    cache.fill('b:a', { json: 'late', asOf: 9n })
    assert.equal(cache.get('b:a'), undefined)
    cache.fill('b:a', { json: 'fresh', asOf: 12n })
    assert.deepEqual(cache.get('b:a'), { json: 'fresh', asOf: 12n })
    // the step 10 → 12 had been part of what the reader saw
    cache.applyStep(step(10, 12))
    assert.deepEqual(cache.get('b:a'), { json: 'fresh', asOf: 12n })
  })

  it('drops what a message names and knows how far Redis is complete', () => {
    const cache = createShardCache()
    assert.equal(cache.redis(), undefined)
    cache.applyMessage(message(0, 10))
    cache.fill('b:a', { json: '1', asOf: 10n })
    cache.fill('b:b', { json: '1', asOf: 10n })
    cache.applyMessage(message(10, 20, ['b:a']))
    assert.equal(cache.get('b:a'), undefined)
    assert.deepEqual(cache.get('b:b'), { json: '1', asOf: 20n })
    assert.equal(cache.redis()?.position, 20n)
    cache.applyMessage(message(20, 21, [], 'next:'))
    assert.equal(cache.redis()?.namespace, 'next:')
    cache.lost()
    assert.equal(cache.redis(), undefined)
    assert.equal(cache.get('b:b'), undefined)
  })

  it('is not confused by messages of steps that the own projector has told already', () => {
    const cache = createShardCache()
    cache.applyStep(step(0, 10, { 'b:a': '1' }))
    cache.applyStep(step(10, 20, { 'b:a': '2' }))
    cache.applyMessage(message(0, 10, ['b:a']))
    cache.applyMessage(message(10, 20, ['b:a']))
    assert.deepEqual(cache.get('b:a'), { json: '2', asOf: 20n })
    assert.equal(cache.redis()?.position, 20n)
  })

  it('never answers an older document as of a newer position, whatever is late, doubled or lost', () => {
    const keys = ['b:a', 'b:b', 'o:c'] as const
    const change = fc.subarray([...keys])
    // a step of the shard, and how it is told here; or a reader who comes back with what he read some steps ago
    const happening = fc.oneof(
      fc.record({ kind: fc.constantFrom('step' as const, 'message' as const, 'both' as const, 'twice' as const, 'lost' as const), change }),
      fc.record({ kind: fc.constant('fill' as const), key: fc.constantFrom(...keys), late: fc.nat(4) }),
    )
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        const cache = createShardCache(() => 0)
        const history: string[][] = []
        const truth = (key: string, at: bigint): string => {
          for (let n = Number(at); n > 0; n--) if (history[n - 1]!.includes(key)) return `${key} of ${n}`
          return `${key} of 0`
        }
        for (const one of happenings) {
          if (one.kind === 'fill') {
            const asOf = BigInt(Math.max(0, history.length - one.late))
            cache.fill(one.key, { json: truth(one.key, asOf), asOf })
          } else {
            history.push(one.change)
            const [from, to] = [history.length - 1, history.length]
            const tellHere = (): void =>
              cache.applyStep(step(from, to, Object.fromEntries(one.change.map((key) => [key, truth(key, BigInt(to))]))))
            if (one.kind === 'step' || one.kind === 'both' || one.kind === 'twice') tellHere()
            if (one.kind === 'twice') tellHere()
            if (one.kind === 'message' || one.kind === 'both') cache.applyMessage(message(from, to, one.change))
          }
          for (const key of keys) {
            const hit = cache.get(key)
            if (hit) assert.equal(hit.json, truth(key, hit.asOf))
          }
        }
      }),
    )
  })
})
