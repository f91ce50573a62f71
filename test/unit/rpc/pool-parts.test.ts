import assert from 'node:assert/strict'
import { fromRpcError, RpcFailure } from '../../../src/rpc/chain-error.ts'
import { createCoalescer, createInFlight } from '../../../src/rpc/pool/coalesce.ts'
import { createLatency } from '../../../src/rpc/pool/latency.ts'
import { createLimiter } from '../../../src/rpc/pool/limiter.ts'
import { createSlotBook } from '../../../src/rpc/pool/slot-book.ts'

const LIMITED = new RpcFailure('limited', 'HTTP 429')

describe('classes of failures', () => {
  const classOf = (code: number, message = '', data?: unknown) => fromRpcError({ code, message, data })
  it('tells limits, lag, broken nodes and refusals apart', () => {
    assert.equal(classOf(-32016, 'Minimum context slot has not been reached', { contextSlot: 7 }).fault, 'behind')
    assert.equal(classOf(-32016, '', { contextSlot: 7 }).slot, 7)
    assert.equal(classOf(-32005, 'Node is unhealthy').fault, 'behind')
    assert.equal(classOf(-32005, 'Too many requests for a specific RPC call').fault, 'limited')
    assert.equal(classOf(429, '').fault, 'limited')
    assert.equal(classOf(-32603, 'Internal error').fault, 'broken')
    assert.equal(classOf(-32602, 'Invalid param').fault, 'refused')
    assert.equal(classOf(-32002, 'Transaction simulation failed').fault, 'refused')
  })
})

describe('limits of an endpoint', () => {
  const at = (perSecond?: number) => {
    let now = 1_000
    return { limiter: createLimiter({ now: () => now, perSecond }), pass: (ms: number) => (now += ms) }
  }

  it('asks nothing of a method before its Retry-After is over', () => {
    const { limiter, pass } = at()
    limiter.took('getBalance')
    limiter.refused('getBalance', new RpcFailure('limited', '', { retryAfterMs: 3_000 }))
    assert.equal(limiter.waitMs('getBalance'), 3_000)
    pass(2_999)
    assert.ok(limiter.waitMs('getBalance') > 0)
    pass(1)
    assert.equal(limiter.waitMs('getSlot'), 0)
  })

  it('lets other methods go on, until a second one is refused too', () => {
    const { limiter } = at()
    for (let i = 0; i < 5; i++) limiter.took('getBalance')
    limiter.refused('getBalance', LIMITED)
    assert.equal(limiter.waitMs('getSlot') > 0, false)
    limiter.refused('getTransaction', LIMITED)
    assert.ok(limiter.waitMs('getSlot') > 0)
  })

  it('waits longer each time where no time is told', () => {
    const { limiter, pass } = at()
    const waits: number[] = []
    for (let i = 0; i < 8; i++) {
      limiter.took('m')
      limiter.refused('m', LIMITED)
      waits.push(Math.round(limiter.waitMs('m')))
      pass(10_000)
    }
    assert.deepEqual(waits.slice(0, 5), [250, 500, 1_000, 2_000, 4_000])
    assert.equal(waits.at(-1), 8_000)
  })

  it('gives twice the pause to whoever refuses again right after the one it asked for, and its own word to others', () => {
    const { limiter, pass } = at()
    const refusedAfter = (calls: number) => {
      for (let i = 0; i < calls; i++) limiter.took('m')
      limiter.refused('m', new RpcFailure('limited', '', { retryAfterMs: 1_000 }))
      const waits = Math.round(limiter.waitMs('m'))
      pass(10_000)
      return waits
    }
    assert.deepEqual(
      [refusedAfter(1), refusedAfter(1), refusedAfter(2), refusedAfter(1), refusedAfter(1)],
      [1_000, 2_000, 4_000, 8_000, 8_000],
    )
    assert.deepEqual([refusedAfter(100), refusedAfter(1)], [1_000, 2_000])
  })

  it('learns the rate from a refusal and tries it upwards again', () => {
    const { limiter, pass } = at()
    for (let i = 0; i < 100; i++) {
      limiter.took('m')
      pass(9)
    }
    limiter.refused('m', LIMITED)
    assert.ok(Math.abs((limiter.rate() ?? 0) - 70) < 1, `${limiter.rate()}`)
    pass(10_000)
    assert.ok((limiter.rate() ?? 0) > 130)
  })

  it('keeps to a known rate', () => {
    const { limiter, pass } = at(10)
    let calls = 0
    for (let ms = 0; ms < 2_000; ms++) {
      while (limiter.waitMs('m') === 0) {
        limiter.took('m')
        calls++
      }
      pass(1)
    }
    assert.ok(calls >= 29 && calls <= 31, `${calls} calls in 2 s, a second’s worth saved up`)
  })
})

describe('how far endpoints are', () => {
  const book = () => {
    let now = 0
    return { slots: createSlotBook(() => now, 400), pass: (ms: number) => (now += ms) }
  }

  it('measures lag in slots against the others, also when they told at different times', () => {
    const { slots, pass } = book()
    slots.note('a', 'processed', 1_000)
    pass(4_000)
    slots.note('b', 'processed', 1_010)
    assert.equal(slots.lag('a'), 0)
    slots.note('c', 'processed', 990)
    assert.equal(slots.lag('c'), 20)
  })

  it('does not let one alone move the tip or the watermark', () => {
    const { slots } = book()
    for (const name of ['a', 'b', 'c']) assert.ok(slots.note(name, 'processed', 1_000))
    assert.equal(slots.note('c', 'processed', 5_000), false)
    assert.equal(slots.isAhead('c'), true)
    // Not even in a commitment that nobody else was asked for yet.
    assert.equal(slots.note('c', 'confirmed', 5_000), false)
    assert.ok(slots.watermark('confirmed') < 1_000)
    assert.equal(slots.lag('a'), 0)
    assert.ok(slots.note('c', 'processed', 1_001))
    assert.equal(slots.isAhead('c'), false)
  })

  it('tells a sudden jump of one of two', () => {
    const { slots } = book()
    slots.note('a', 'processed', 1_000)
    slots.note('b', 'processed', 1_000)
    assert.equal(slots.note('b', 'processed', 9_000), false)
  })

  it('raises the watermark with the answers and never lowers it', () => {
    const { slots } = book()
    slots.note('a', 'confirmed', 1_000)
    slots.note('b', 'confirmed', 995)
    assert.equal(slots.watermark('confirmed'), 992)
    assert.equal(slots.watermark('finalized'), 0)
  })

  it('measures the time of a slot', () => {
    const { slots, pass } = book()
    assert.equal(slots.slotMs(), undefined)
    for (let slot = 0; slot < 20; slot++) {
      slots.note('a', 'processed', 1_000 + slot)
      pass(200)
    }
    assert.ok(Math.abs((slots.slotMs() ?? 0) - 200) < 1)
  })
})

describe('times of an endpoint', () => {
  it('averages busy methods slowly and rare ones by their newest answers', () => {
    let now = 0
    const latency = createLatency(() => now)
    for (let i = 0; i < 10; i++) latency.note('m', 10)
    latency.note('m', 110)
    assert.ok((latency.average('m') ?? 0) < 25)
    now += 10_000
    latency.note('m', 110)
    assert.ok((latency.average('m') ?? 0) > 100)
    assert.equal(latency.average('other'), undefined)
  })

  it('has a percentile once eight answers are known', () => {
    const latency = createLatency(() => 0)
    for (let i = 1; i <= 7; i++) latency.note('m', i)
    assert.equal(latency.p95('m'), undefined)
    for (let i = 8; i <= 20; i++) latency.note('m', i)
    assert.equal(latency.p95('m'), 19)
  })
})

describe('calls that travel together', () => {
  it('asks for equal keys once and for many in parts', async () => {
    const calls: string[][] = []
    let saved = 0
    const coalescer = createCoalescer<string, string>({
      most: 3,
      keyOf: (key) => key,
      saved: (count) => (saved += count),
      load: async (keys) => {
        calls.push([...keys])
        return keys.map((key) => key.toUpperCase())
      },
    })
    const answers = await Promise.all(['a', 'b', 'a', 'c', 'd'].map((key) => coalescer.ask(key)))
    assert.deepEqual(answers, ['A', 'B', 'A', 'C', 'D'])
    assert.deepEqual([calls, saved], [[['a', 'b', 'c'], ['d']], 3])
  })

  it('gives every asker the failure', async () => {
    const coalescer = createCoalescer<string, string>({
      ...{ most: 3, keyOf: (key: string) => key, saved: () => undefined },
      load: () => Promise.reject(new Error('away')),
    })
    const settled = await Promise.allSettled([coalescer.ask('a'), coalescer.ask('b')])
    assert.ok(settled.every(({ status }) => status === 'rejected'))
  })

  it('shares a call under way, and asks again once it is over', async () => {
    let runs = 0
    const once = createInFlight<number>(() => undefined)
    const run = async () => ++runs
    assert.deepEqual(await Promise.all([once('k', run), once('k', run)]), [1, 1])
    assert.equal(await once('k', run), 2)
  })
})
