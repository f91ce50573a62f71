import assert from 'node:assert/strict'
import type { RecordedEvent } from '../../../src/events/store/event-store.ts'
import { accountStream } from '../../../src/events/streams.ts'
import { migrateToLatest } from '../../../src/platform/migrations.ts'
import { createPool, type Pool } from '../../../src/platform/postgres.ts'
import { digestShards } from '../../../src/projections/digest.ts'
import { applyBatch, type Batch, type ShardState } from '../../../src/projections/writing/apply-batch.ts'
import { claimCheckpoint, LeaseLost, WrongDatabase } from '../../../src/projections/writing/checkpoint.ts'
import { databaseUrls } from '../../support/services.ts'
import { type Append, accountHistory, random, recordable } from './history.ts'
import { log } from './read-side.ts'

const claim = { shard: 0, logId: 'log-a', mapVersion: 1, fence: 1n }

/** The histories as a log would hold them, accounts interleaved. */
const recordedLog = (accounts: readonly string[], seed: number, orders: number): readonly RecordedEvent[] => {
  const below = random(seed)
  const left = accounts.map((accountId, n) => ({
    accountId,
    appends: [...accountHistory(accountId, n + seed, orders)] as Append[],
    revision: 0n,
  }))
  const events: RecordedEvent[] = []
  while (left.some(({ appends }) => appends.length > 0)) {
    const one = left[below(left.length)]!
    for (const event of one.appends.shift() ?? []) {
      const place = BigInt(events.length * 10 + 10)
      const { id, type, data, metadata } = recordable(event)
      events.push({
        ...{ id, type, data, metadata },
        streamId: accountStream(one.accountId),
        revision: one.revision++,
        created: 0,
        position: { commit: place, prepare: place },
      })
    }
  }
  return events
}

const batchOf = (events: readonly RecordedEvent[]): Batch => ({ events, to: events.at(-1)!.position })

describe('delivering batches', () => {
  const pools: Pool[] = []
  const open = async (): Promise<Pool> => {
    const [url] = await databaseUrls(1)
    await migrateToLatest(url!, log)
    const pool = createPool(url!, { name: 'delivery', log, max: 4 })
    pools.push(pool)
    await claimCheckpoint(pool, claim)
    return pool
  }
  after(() => Promise.all(pools.map((pool) => pool.end())))

  it('leaves the same rows whatever the batches, their overlaps and repetitions', async function () {
    this.timeout(60_000)
    const events = recordedLog(['a', 'b', 'c', 'd', 'e'], 3, 30)
    const [whole, cut, remembering] = [await open(), await open(), await open()]
    await applyBatch(whole, claim, undefined, batchOf(events))
    const below = random(11)
    // a writer that remembers rows from batch to batch, and now and then has to look again
    let known: ShardState | undefined
    for (let done = 0; done < events.length; ) {
      // begins somewhere before what is done, ends somewhere after it, and now and then comes twice
      const from = Math.max(0, done - below(40))
      const until = Math.min(events.length, done + 1 + below(60))
      const batch = batchOf(events.slice(from, until))
      await applyBatch(cut, claim, undefined, batch)
      if (below(3) === 0) await applyBatch(cut, claim, undefined, batch)
      known = (await applyBatch(remembering, claim, below(7) === 0 ? undefined : known, batch)).state
      done = until
    }
    const [one, other] = [await digestShards([whole]), await digestShards([cut])]
    assert(one.shards[0]!.rows > events.length)
    assert.deepEqual(other, one)
    assert.deepEqual(await digestShards([remembering]), one)
  })

  it('writes nothing for an owner that has been replaced, and lets two deliveries at once count once', async () => {
    const pool = await open()
    const events = recordedLog(['x'], 9, 5)
    const outcomes = await Promise.all([1, 2, 3].map(() => applyBatch(pool, claim, undefined, batchOf(events))))
    assert.deepEqual(
      outcomes.map(({ applied }) => applied).sort((a, b) => b - a),
      [events.length, 0, 0],
    )
    await claimCheckpoint(pool, { ...claim, fence: 2n })
    await assert.rejects(applyBatch(pool, claim, undefined, { events: [], to: { commit: 9_999n, prepare: 9_999n } }), LeaseLost)
    await assert.rejects(claimCheckpoint(pool, claim), LeaseLost)
  })

  it('leaves no trace when the transaction breaks before its end', async () => {
    const pool = await open()
    const events = recordedLog(['t'], 5, 10)
    await applyBatch(pool, claim, undefined, batchOf(events.slice(0, 20)))
    const before = await digestShards([pool])
    await pool.query('ALTER TABLE checkpoint ADD CONSTRAINT broken CHECK (commit_position <= 200) NOT VALID')
    await assert.rejects(applyBatch(pool, claim, undefined, batchOf(events.slice(20))))
    assert.deepEqual(await digestShards([pool]), before)
    await pool.query('ALTER TABLE checkpoint DROP CONSTRAINT broken')
    await applyBatch(pool, claim, undefined, batchOf(events.slice(20)))
    const rebuilt = await open()
    await applyBatch(rebuilt, claim, undefined, batchOf(events))
    assert.equal((await digestShards([pool])).digest, (await digestShards([rebuilt])).digest)
  })

  it('refuses a database of another log, of another shard or of another map, in one clear sentence', async () => {
    const pool = await open()
    await assert.rejects(claimCheckpoint(pool, { ...claim, logId: 'log-b' }), (error: Error) => {
      assert(error instanceof WrongDatabase)
      assert.match(error.message, /built from log log-a, this log is log-b/)
      return true
    })
    await assert.rejects(claimCheckpoint(pool, { ...claim, shard: 1 }), /holds shard 0: check the order of DATABASE_URLS/)
    await assert.rejects(claimCheckpoint(pool, { ...claim, mapVersion: 2 }), /shard map 1, in force is 2/)
  })

  it('takes a busted trade out of the position as if it had never been', async () => {
    const pool = await open()
    const events = recordedLog(['p'], 21, 60)
    await applyBatch(pool, claim, undefined, batchOf(events))
    const trades = events
      .filter(({ type }) => type === 'TradeBooked')
      .map(({ data }) => data as { execId: string; lastQty: string; lastQuote: string })
    const busted = new Set(
      events.filter(({ type }) => type === 'TradeCanceled').map(({ data }) => (data as { execRefId: string }).execRefId),
    )
    assert(busted.size > 0)
    const left = trades.filter(({ execId }) => !busted.has(execId))
    const { rows } = await pool.query<{ qty: bigint; cost: bigint; realized: bigint }>('SELECT qty, cost, realized FROM positions')
    assert.deepEqual(rows, [
      {
        qty: left.reduce((sum, { lastQty }) => sum + BigInt(lastQty), 0n),
        cost: left.reduce((sum, { lastQuote }) => sum + BigInt(lastQuote), 0n),
        realized: 0n,
      },
    ])
  })
})
