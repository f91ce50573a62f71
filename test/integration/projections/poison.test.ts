import assert from 'node:assert/strict'
import type { NewEvent } from '../../../src/events/store/event-store.ts'
import { accountStream } from '../../../src/events/streams.ts'
import { createHealthBoard } from '../../../src/platform/health.ts'
import type { Pool } from '../../../src/platform/postgres.ts'
import { shardOf } from '../../../src/projections/shard-map.ts'
import { readShardMap } from '../../../src/projections/shard-map-stream.ts'
import { resumePausedStreams } from '../../../src/projections/writing/resume.ts'
import { type Append, accountHistory, append, recordable } from './history.ts'
import { caughtUp, freshAccounts, log, openReadSide, type ReadSide } from './read-side.ts'

describe('an event that cannot be projected', () => {
  let side: ReadSide
  const health = createHealthBoard()
  before(async function () {
    this.timeout(60_000)
    side = await openReadSide()
    await side.startProjector({ health })
  })
  after(() => side.close())

  const poolOf = async (accountId: string): Promise<Pool> => side.pools[shardOf((await readShardMap(side.store))!, accountId)]!
  const pausedOf = async (accountId: string) => {
    const pool = await poolOf(accountId)
    const { rows } = await pool.query<{ reason: string; revision: bigint }>(
      'SELECT reason, revision FROM paused_streams WHERE stream_id = $1',
      [accountStream(accountId)],
    )
    const parked = await pool.query<{ n: bigint }>('SELECT count(*) AS n FROM parked_events WHERE stream_id = $1', [
      accountStream(accountId),
    ])
    return { ...rows[0], parked: parked.rows[0]!.n }
  }
  const revisionOf = async (accountId: string): Promise<bigint | undefined> =>
    (await (await poolOf(accountId)).query<{ revision: bigint }>('SELECT revision FROM accounts WHERE account_id = $1', [accountId]))
      .rows[0]?.revision

  /** Two accounts on one shard, `broken` with a bad event amid good ones. Returns after all has been processed. */
  const break_ = async (bad: (events: Append) => NewEvent): Promise<{ broken: string; fine: string; good: number; all: Append }> => {
    const map = (await readShardMap(side.store))!
    const candidates = freshAccounts(40)
    const broken = candidates[0]!
    const fine = candidates.find((id) => id !== broken && shardOf(map, id) === shardOf(map, broken))!
    const history = accountHistory(broken, 77, 6)
    const good = history.slice(0, 6).flat().length
    await append(side.store, broken, history.slice(0, 6))
    const outcome = await side.store.append(accountStream(broken), BigInt(good - 1), [bad(history.flat())])
    assert(outcome.kind === 'appended')
    const position = await append(side.store, broken, history.slice(6), BigInt(good))
    const last = await append(side.store, fine, accountHistory(fine, 78, 6))
    await caughtUp(side, position.commit)
    await caughtUp(side, last.commit)
    return { broken, fine, good, all: history.flat() }
  }

  const cases: readonly (readonly [string, (events: Append) => NewEvent, RegExp])[] = [
    ['of an unknown type', () => recordable({ type: 'OrderTeleported', data: {} }), /unknown type/],
    [
      'of a newer schema',
      () => {
        const event = recordable({ type: 'WalletAssigned', data: { publicKey: 'k', path: 'p', at: 1 } })
        return { ...event, metadata: { ...event.metadata, schema: 99 } }
      },
      /newer than this build/,
    ],
    [
      'about an order that never was',
      () =>
        recordable({
          type: 'OrderTriggered',
          data: { orderId: 'x.1', trigger: { price: '1', sourceId: 's', time: 1 }, condition: 'limit', at: 1 },
        }),
      /is not of account/,
    ],
    [
      'that other projections had applied in part',
      (events) => {
        const { accountId } = events[0]!.data as { accountId: string }
        const data = {
          orderId: `${accountId}.999`,
          text: 'x',
          released: { asset: 'USDC', amount: '1' },
          at: 1,
          clOrdId: null,
          compensates: null,
          ordStatus: 'Canceled',
        }
        return recordable({ type: 'OrderCanceled', data })
      },
      /999 is not known/,
    ],
    [
      'with text that Postgres refuses',
      () => recordable({ type: 'WalletAssigned', data: { publicKey: 'a\u0000b', path: 'p', at: 1 } }),
      /22021|invalid byte sequence/,
    ],
  ]
  for (const [name, bad, reason] of cases)
    it(`${name} pauses its stream alone; later events of it wait in order`, async function () {
      this.timeout(30_000)
      const { broken, fine, good, all } = await break_(bad)
      const paused = await pausedOf(broken)
      assert.match(paused.reason ?? '', reason)
      assert.equal(paused.revision, BigInt(good))
      assert.equal(paused.parked, BigInt(all.length - good + 1))
      assert.equal(await revisionOf(broken), BigInt(good - 1))
      const beyond = 'SELECT count(*) AS n FROM ledger_entries WHERE account_id = $1 AND revision >= $2'
      assert.equal((await (await poolOf(broken)).query<{ n: bigint }>(beyond, [broken, good])).rows[0]!.n, 0n)
      assert.equal(await revisionOf(fine), BigInt(accountHistory(fine, 78, 6).flat().length - 1))
      assert.equal((await pausedOf(fine)).parked, 0n)
      assert.equal(health.report().ready, true)
    })

  it('goes on in order after the fix, beside the running projector', async function () {
    this.timeout(30_000)
    const { broken, good, all } = await break_(() => recordable({ type: 'WalletReassigned', data: { publicKey: 'k2', path: 'p', at: 1 } }))
    const pool = await poolOf(broken)
    const shard = shardOf((await readShardMap(side.store))!, broken)
    const again = (await resumePausedStreams(pool, shard, log)).find(({ streamId }) => streamId === accountStream(broken))
    assert.match(again?.reason ?? '', /unknown type/)
    // the fix: a build that reads the event; here the parked copy is given a type that this build knows
    await pool.query("UPDATE parked_events SET type = 'WalletAssigned' WHERE stream_id = $1 AND type = 'WalletReassigned'", [
      accountStream(broken),
    ])
    const resumed = (await resumePausedStreams(pool, shard, log)).find(({ streamId }) => streamId === accountStream(broken))
    assert.deepEqual(resumed, { streamId: accountStream(broken), events: all.length - good + 1 })
    assert.equal((await pausedOf(broken)).parked, 0n)
    assert.equal(await revisionOf(broken), BigInt(all.length))
    // and the projector, which remembered it as paused, takes the next event itself
    const next = await side.store.append(accountStream(broken), BigInt(all.length), [
      recordable({ type: 'WalletAssigned', data: { publicKey: 'k3', path: 'p', at: 2 } }),
    ])
    assert(next.kind === 'appended')
    await caughtUp(side, next.position.commit)
    assert.equal(await revisionOf(broken), BigInt(all.length + 1))
  })
})
