import assert from 'node:assert/strict'
import { systemClock } from '../../../src/platform/clock.ts'
import { acquireLease, holdsLease, LEASE_TTL_MS, type LeaseOptions } from '../../../src/platform/lease.ts'
import { migrateToLatest } from '../../../src/platform/migrations.ts'
import { createPool, type Pool, transaction } from '../../../src/platform/postgres.ts'
import { databaseUrls } from '../../support/services.ts'
import { log } from '../projections/read-side.ts'

describe('leases', () => {
  let pool: Pool
  let url: string
  const stop = new AbortController()
  before(async function () {
    this.timeout(60_000)
    url = (await databaseUrls(1))[0]!
    // all roles of a product start at once on the same new database
    await Promise.all([1, 2, 3].map(() => migrateToLatest(url, log)))
    pool = createPool(url, { name: 'lease-test', log, max: 8 })
  })
  after(async () => {
    stop.abort()
    await pool.end()
  })

  const options = (name: string, owner: string, rest: Partial<LeaseOptions> = {}): LeaseOptions => ({
    ...{ name, owner, ttlMs: 400, clock: systemClock, signal: stop.signal, log },
    ...rest,
  })

  it('promises a takeover within 5 s of a death', () => {
    assert(LEASE_TTL_MS * 1.25 <= 5_000)
  })

  it('has one holder at a time, with rising fences', async () => {
    const first = await acquireLease(pool, options('one', 'a'))
    let second = false
    const waiting = acquireLease(pool, options('one', 'b')).then((lease) => {
      second = true
      return lease
    })
    await systemClock.sleep(1_000)
    assert.equal(second, false)
    assert.equal(first.signal.aborted, false)
    await first.release()
    assert(first.signal.aborted)
    const next = await waiting
    assert(next.fence > first.fence)
    await next.release()
  })

  it('is given back at once where whoever asked has gone before the database answered', async () => {
    const gone = new AbortController()
    const query = async (...asked: Parameters<Pool['query']>): Promise<unknown> => {
      const answer: unknown = await pool.query(...asked)
      gone.abort(new Error('gone'))
      return answer
    }
    const leaving = Object.assign(Object.create(pool) as Pool, { query })
    await assert.rejects(acquireLease(leaving, options('left', 'a', { signal: gone.signal, ttlMs: 60_000 })), /gone/)
    const next = await acquireLease(pool, options('left', 'b', { ttlMs: 60_000 }))
    assert.equal(next.fence, 2n)
    await next.release()
  })

  it('replaces a holder that died, and the dead one’s late write is refused by its fence', async () => {
    // a holder that stops renewing without a word: its clock stands still
    const paused = new AbortController()
    const frozen = {
      now: () => 0,
      sleep: (_ms: number, signal?: AbortSignal) =>
        new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    }
    const dead = await acquireLease(pool, options('fenced', 'dead', { clock: frozen, signal: paused.signal }))
    const holds = (lease: { name: string; fence: bigint }): Promise<boolean> => transaction(pool, (client) => holdsLease(client, lease))
    assert.equal(await holds(dead), true)
    const began = Date.now()
    const heir = await acquireLease(pool, options('fenced', 'heir'))
    assert(Date.now() - began < 1_000, 'longer than the lease and a poll')
    assert.equal(await holds(dead), false)
    assert.equal(await holds(heir), true)
    paused.abort()
    await heir.release()
  })

  it('stays with a holder that was kept from running past its end, as long as nobody took it', async () => {
    // each pause before a renewal lasts longer than the lease, as it does in a process that computes or gets no processor
    const ttlMs = 400
    const stalled = { ...systemClock, sleep: (ms: number, s?: AbortSignal) => systemClock.sleep(ms === ttlMs / 4 ? 2 * ttlMs : ms, s) }
    const lease = await acquireLease(pool, options('stalled', 'slow', { ttlMs, clock: stalled }))
    const expiry = async (): Promise<number> => {
      const { rows } = await pool.query<{ at: Date }>("SELECT expires_at AS at FROM leases WHERE name = 'stalled'")
      return rows[0]!.at.getTime()
    }
    for (let renewals = 0; renewals < 2; renewals++) {
      const before = await expiry()
      while ((await expiry()) === before && !lease.signal.aborted) await systemClock.sleep(20)
      assert.equal(lease.signal.aborted, false)
    }
    await lease.release()
  })

  it('makes a successor wait for a write that is under way', async () => {
    const holder = await acquireLease(pool, options('busy', 'a'))
    let committed = false
    let heir: Promise<unknown> | undefined
    await transaction(pool, async (client) => {
      assert.equal(await holdsLease(client, holder), true)
      await pool.query("UPDATE leases SET owner = owner WHERE name = 'unrelated'")
      // the holder's renewals wait for this transaction too, so the lease runs out under it
      heir = acquireLease(pool, options('busy', 'b')).then((lease) => {
        assert.equal(committed, true)
        return lease.release()
      })
      await systemClock.sleep(900)
      committed = true
    })
    await heir
    await holder.release()
  })

  it('ends for a holder that can no longer reach the database', async () => {
    const lost = createPool(url, { name: 'lost', log, max: 1 })
    const lease = await acquireLease(lost, options('cut', 'a'))
    await lost.end()
    await new Promise<void>((resolve) => lease.signal.addEventListener('abort', () => resolve(), { once: true }))
    const heir = await acquireLease(pool, options('cut', 'b'))
    assert(heir.fence > lease.fence)
    await heir.release()
  })
})
