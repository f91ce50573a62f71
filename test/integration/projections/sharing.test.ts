import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { createTicker } from '../../../src/events/tick.ts'
import { monotonicMs, systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { digestShards } from '../../../src/projections/digest.ts'
import { killed, spawnProjector } from './child-projector.ts'
import { accountHistory, append } from './history.ts'
import { caughtUp, freshAccounts, openReadSide, type ReadSide } from './read-side.ts'

describe('projectors that share the shards', () => {
  let side: ReadSide
  const children: ChildProcess[] = []
  before(async function () {
    this.timeout(60_000)
    side = await openReadSide()
  })
  after(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) await killed(child)
    await side.close()
  })

  /** The process that holds each shard now; undefined where the lease has run out. */
  const holders = (): Promise<(number | undefined)[]> =>
    Promise.all(
      side.pools.map(async (pool) => {
        const { rows } = await pool.query<{ owner: string }>(
          "SELECT owner FROM leases WHERE name = 'projector' AND expires_at > clock_timestamp()",
        )
        return rows[0] && Number(rows[0].owner.split('-')[0])
      }),
    )
  const loads = async (of: readonly ChildProcess[]): Promise<number[]> => {
    const held = await holders()
    return of.map(({ pid }) => held.filter((holder) => holder === pid).length).sort()
  }
  const until = async (what: string, ms: number, test: () => Promise<boolean>): Promise<number> => {
    const began = monotonicMs()
    while (!(await test())) {
      if (monotonicMs() - began > ms) throw new Error(`${what}: not after ${ms} ms; held by ${(await holders()).join(', ')}`)
      await systemClock.sleep(25)
    }
    return monotonicMs() - began
  }
  const shared = (of: readonly ChildProcess[], wanted: readonly number[]) => async () =>
    JSON.stringify(await loads(of)) === JSON.stringify(wanted)

  it('share fairly, take over from a dead one within 5 s, and refuse a paused one’s late write', async function () {
    this.timeout(120_000)
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => spawnProjector(side.urls)))
    children.push(a!, b!, c!)
    await until('three share four shards', 20_000, shared([a!, b!, c!], [1, 1, 2]))

    const accounts = freshAccounts(8, 's')
    const writing = Promise.all(accounts.map((accountId, n) => append(side.store, accountId, accountHistory(accountId, 700 + n, 25))))
    await killed(a!)
    const took = await until('two share four shards', 10_000, shared([b!, c!], [2, 2]))
    assert(took < 5_000, `the dead one's shards were without a projector for ${took} ms`)

    // paused, not dead: it wakes up with batches it believes to be its own
    b!.kill('SIGSTOP')
    await until('one holds all', 10_000, shared([c!], [4]))
    await writing
    b!.kill('SIGCONT')
    await until('both share again', 20_000, shared([b!, c!], [2, 2]))

    const tick = await createTicker({ store: side.store, ids: systemIds, clock: systemClock }).tick()
    await caughtUp(side, tick!.commit)
    const rebuilt = await openReadSide()
    try {
      await rebuilt.startProjector()
      await caughtUp(rebuilt, tick!.commit)
      assert.equal((await digestShards(rebuilt.pools)).digest, (await digestShards(side.pools)).digest)
    } finally {
      await rebuilt.close()
    }
  })
})
