import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { connectRedis } from '../../../src/platform/redis.ts'
import { readDocument, writeDocuments } from '../../../src/projections/cache/compare-and-set.ts'
import { redisUrlOrSkip } from '../../support/services.ts'
import { accountHistory, append, random } from '../projections/history.ts'
import { freshAccounts, log } from '../projections/read-side.ts'
import { openReadApi, type ReadApi } from './read-api.ts'

describe('document cache in Redis', () => {
  let url: string
  before(async function () {
    this.timeout(60_000)
    url = await redisUrlOrSkip(this)
  })

  it('never lets an older document replace a newer one, whatever the order of arrival', async () => {
    const redis = connectRedis(url, { name: 'test', log })
    while (!redis.state().ready) await systemClock.sleep(5)
    const below = random(4)
    const namespace = `test:{${systemIds.uuid()}}:`
    const keys = Array.from({ length: 5 }, (_, n) => `b:${n}`)
    const highest = new Map<string, bigint>()
    // writers that were held up by anything from nothing to longer than all the others
    const writes = Array.from({ length: 200 }, () => {
      const documents = keys
        .filter(() => below(2) === 0)
        .map((key) => ({ key, revision: BigInt(below(1_000_000)), json: '' }))
        .map((document) => ({ ...document, json: `doc of ${document.revision}` }))
      for (const { key, revision } of documents) if (revision > (highest.get(key) ?? -1n)) highest.set(key, revision)
      return systemClock
        .sleep(below(60))
        .then(() => writeDocuments(redis.client, { namespace, documents, position: 1n, channel: '', message: '' }))
    })
    await Promise.all(writes)
    for (const key of keys) {
      const held = await readDocument(redis.client, namespace + key)
      assert.equal(held?.revision, highest.get(key))
      assert.equal(held?.json, `doc of ${highest.get(key)}`)
    }
    await redis.close()
  })

  describe('between processes', () => {
    let api: ReadApi
    const [one] = freshAccounts(1, 'r') as [string]
    before(async function () {
      this.timeout(60_000)
      // the queries role hears nothing but Redis, as if the projector ran elsewhere
      api = await openReadApi({ redisUrl: url, local: false })
      await api.side.startProjector({ redisUrl: url })
    })
    after(() => api.close())

    const balances = async (minPosition: bigint) => {
      const { status, body } = await api.get(`/v1/accounts/${one}/balances?minPosition=${minPosition}`)
      assert.equal(status, 200, JSON.stringify(body))
      return body
    }
    const readsFrom = async (tier: string): Promise<number> => {
      const metric = await api.registry.getSingleMetric('quantbot_cache_reads_total')!.get()
      return metric.values.find(({ labels }) => labels.tier === tier)?.value ?? 0
    }
    const usdc = (data: unknown): string | undefined =>
      (data as { asset: string; settled: string }[]).find((row) => row.asset === 'USDC')?.settled

    it('serves each position asked for and nothing older, while Redis is cut off again and again', async function () {
      this.timeout(60_000)
      const saboteur = new Redis(url)
      const history = accountHistory(one, 31, 15)
      let revision = -1n
      let reads = 0
      for (const [n, events] of history.entries()) {
        const { commit } = await append(api.side.store, one, [events], revision)
        revision += BigInt(events.length)
        if (n % 9 === 4) await saboteur.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
        if (n % 9 === 7) await saboteur.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
        if (n % 9 === 8) await saboteur.flushall()
        const body = await balances(commit)
        assert(BigInt(String(body.asOfPosition)) >= commit)
        const direct = await api.get(`/v1/accounts/${one}/balances?limit=1000`)
        assert.deepEqual(body.data, direct.body.data, `after event ${revision}`)
        reads++
      }
      assert.equal(reads, history.length)
      assert((await readsFrom('redis')) > 0, 'Redis never answered')
      saboteur.disconnect()
    })

    it('answers an account that rests from this process', async () => {
      await balances(0n)
      await balances(0n)
      const before = await readsFrom('process')
      for (let n = 0; n < 5; n++) await balances(0n)
      assert.equal((await readsFrom('process')) - before, 5)
    })

    it('keeps answering, from the database, while Redis hangs', async function () {
      this.timeout(30_000)
      const saboteur = new Redis(url)
      const before = await balances(0n)
      await saboteur.call('CLIENT', 'PAUSE', '3000', 'ALL')
      const began = Date.now()
      for (let n = 0; n < 20; n++) assert.equal(usdc((await balances(0n)).data), usdc(before.data))
      assert(Date.now() - began < 2_500, `20 reads took ${Date.now() - began} ms`)
      saboteur.disconnect()
    })
  })
})
