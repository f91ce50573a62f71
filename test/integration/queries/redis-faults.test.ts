import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import { monotonicMs, systemClock } from '../../../src/platform/clock.ts'
import { type PartProcess, spawnPart } from '../../../src/platform/part-process.ts'
import { skipBecause } from '../../support/skip.ts'
import { type CuttableProxy, cuttableProxy } from '../events/cuttable-proxy.ts'
import { freshAccounts } from '../projections/read-side.ts'
import { startChecker } from '../reshard/checker.ts'
import { openReadApi, type ReadApi } from './read-api.ts'

describe('a Redis that is killed, flushed, slow or out of sight in the middle of it all', () => {
  let redis: { part: PartProcess; url: string; port: number; pid: number }
  let proxy: CuttableProxy
  let api: ReadApi

  const startRedis = async (port: number): Promise<typeof redis | undefined> => {
    const part = spawnPart('embedded/redis/main', ['--port', String(port)], { QUANTBOT_LOG: 'error' }, 120_000)
    const start = await part.started
    if (start.kind === 'ready')
      return { part, url: start.announcement.url!, port: start.announcement.port, pid: start.announcement.pid ?? part.pid }
    await part.stop()
    return undefined
  }
  before(async function () {
    this.timeout(240_000)
    redis = (await startRedis(0)) ?? skipBecause(this, 'Redis: no server can be had')
    // the reader's sight of it alone can be cut: the projector goes on writing
    proxy = await cuttableProxy(redis.url)
    api = await openReadApi({ local: false, redisUrl: proxy.url })
    await api.side.startProjector({ redisUrl: redis.url })
  })
  after(async () => {
    await api?.close()
    await proxy?.close()
    await redis?.part.stop()
  })

  const tiers = async (): Promise<Record<string, number>> => {
    const { values } = await api.registry.getSingleMetric('quantbot_cache_reads_total')!.get()
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels.tier), value]))
  }

  it('never makes an answer wrong, and hardly one slow', async function () {
    this.timeout(240_000)
    const checker = await startChecker(api.side.store, freshAccounts(3, 'fault'), api.get)
    const direct = new Redis(redis.url, { maxRetriesPerRequest: 0, retryStrategy: () => 50 })
    direct.on('error', () => undefined)
    /** Until so many answers have come, whatever the machine's pace. */
    const answers = async (more: number): Promise<void> => {
      const from = checker.reads()
      while (checker.reads() < from + more) await systemClock.sleep(10)
    }
    const served = async (): Promise<void> => {
      const { redis: before = 0 } = await tiers()
      while (((await tiers()).redis ?? 0) <= before) await systemClock.sleep(10)
    }
    try {
      await served()
      proxy.cut()
      await answers(5)
      await direct.flushall()
      await answers(5)
      proxy.split(true)
      await answers(10)
      proxy.split(false)
      await served()

      // a slow one is asked once, then left alone for a second
      proxy.delay(120)
      const { redis: before = 0 } = await tiers()
      const began = monotonicMs()
      await answers(20)
      const seconds = (monotonicMs() - began) / 1000
      const slow = ((await tiers()).redis ?? 0) - before
      assert(slow <= 3 * (seconds + 2), `${slow} slow reads in ${seconds} s`)
      proxy.delay(0)

      process.kill(redis.pid, 'SIGKILL')
      await redis.part.stop()
      proxy.cut()
      await answers(10)
      redis = (await startRedis(redis.port))!
      await served()
    } finally {
      const verdict = await checker.end()
      direct.disconnect()
      assert.equal(verdict.wrong, 0, verdict.examples.join('; '))
      assert(verdict.reads > 50, JSON.stringify(verdict))
    }
  })
})
