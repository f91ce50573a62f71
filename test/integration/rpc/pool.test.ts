import assert from 'node:assert/strict'
import { Keypair } from '@solana/web3.js'
import bs58 from 'bs58'
import { systemClock } from '../../../src/platform/clock.ts'
import { createRegistry, type Registry } from '../../../src/platform/metrics.ts'
import type { Chain } from '../../../src/rpc/chain.ts'
import { createChain } from '../../../src/rpc/pool.ts'
import { solana } from '../../support/services.ts'
import { type Front, openFront } from './front.ts'

const SLOT_MS = 50

interface Pool {
  readonly chain: Chain
  readonly fronts: readonly Front[]
  readonly registry: Registry
  decided(decision: string, front?: Front): Promise<number>
  state(front: Front): string
}

describe('the RPC pool', function () {
  this.timeout(30_000)
  const closers: (() => Promise<void>)[] = []
  let upstreams: readonly string[]
  before(async function () {
    this.timeout(60_000)
    upstreams = (await solana()).urls
  })
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
  })

  const open = async (count: number, options: { fragments?: readonly string[] } = {}): Promise<Pool> => {
    const fronts = await Promise.all(Array.from({ length: count }, () => openFront(upstreams[0]!)))
    const registry = createRegistry('test')
    // No sockets here: they are tested by themselves.
    const urls = fronts.map(({ url }, i) => `${url}#ws=ws://127.0.0.1:9&${options.fragments?.[i] ?? ''}`)
    const chain = createChain({ urls, registry, slotMs: SLOT_MS })
    closers.push(() => chain.close(), ...fronts.map((front) => front.close))
    const named = (front: Front) => chain.endpoints().find(({ endpoint }) => front.url.endsWith(endpoint.split(':').slice(1).join(':')))!
    // Everyone has been probed.
    await until(async () => fronts.every((front) => front.calls('getSlot') >= 2))
    return {
      ...{ chain, fronts, registry },
      state: (front) => named(front).state,
      decided: async (decision, front) => {
        const metric = await registry.getSingleMetric('quantbot_rpc_decisions_total')!.get()
        return metric.values
          .filter(({ labels }) => labels.decision === decision && (!front || labels.endpoint === named(front).endpoint))
          .reduce((sum, { value }) => sum + value, 0)
      },
    }
  }
  const someone = () => Keypair.generate().publicKey.toBase58()
  const readBalances = async (chain: Chain, count: number): Promise<number[]> => {
    const times: number[] = []
    for (let i = 0; i < count; i++) {
      const started = performance.now()
      const answer = await chain.balance(someone())
      assert.ok(answer.ok, answer.ok ? '' : answer.error.detail)
      times.push(performance.now() - started)
    }
    return times.sort((a, b) => a - b)
  }

  it('shares reads by weight among equally fast endpoints', async () => {
    const { chain, fronts } = await open(2, { fragments: ['weight=3', 'weight=1'] })
    // Far slower than their own noise, so that both stay equally fast.
    for (const { faults } of fronts) faults.delayMs = 25
    // Known by their delay, not by how they woke up.
    await systemClock.sleep(2_500)
    await readBalances(chain, 80)
    const [heavy, light] = fronts.map((front) => front.calls('getBalance')) as [number, number]
    assert.ok(heavy > light * 1.4 && light >= 8, `${heavy} : ${light}`)
  })

  it('leaves a slow endpoint alone, and finds out when it is fast again', async () => {
    const { chain, fronts } = await open(2)
    const [slow] = fronts as [Front, Front]
    slow.faults.delayMs = 150
    await readBalances(chain, 60)
    const before = slow.calls('getBalance')
    const times = await readBalances(chain, 60)
    assert.ok(slow.calls('getBalance') - before <= 6, `${slow.calls('getBalance') - before} of 60 went to the slow one`)
    assert.ok(times[53]! < 100)
    slow.faults.delayMs = 0
    await until(async () => {
      await readBalances(chain, 5)
      return slow.calls('getBalance') > before + 10
    })
  })

  it('hedges a read that takes longer than usual, and at most one in twenty', async () => {
    const { chain, fronts, decided } = await open(2)
    await readBalances(chain, 60)
    let n = 0
    // Every tenth answer of anyone is late: averages stay as they are.
    for (const { faults } of fronts) faults.change = (_method, answer) => answer
    const lateOnes = fronts.map(({ faults }) =>
      setInterval(() => {
        faults.delayMs = n++ % 10 === 0 ? 120 : 0
      }, 7),
    )
    await readBalances(chain, 200)
    for (const timer of lateOnes) clearInterval(timer)
    const [hedged, asked, denied] = [await decided('hedged'), await decided('asked'), await decided('hedge_denied')]
    assert.ok(hedged >= 1, 'nothing was hedged')
    assert.ok(hedged <= 1 + asked * 0.05, `${hedged} of ${asked} hedged, ${denied} denied`)
  })

  it('fails over from 5xx, sets the endpoint aside and takes it back', async () => {
    const { chain, fronts, state, decided } = await open(2)
    const [broken] = fronts as [Front, Front]
    broken.faults.status = 502
    await until(async () => {
      await readBalances(chain, 2)
      return state(broken) === 'set_aside'
    })
    const before = broken.calls('getBalance')
    await readBalances(chain, 20)
    assert.equal(broken.calls('getBalance'), before, 'set aside, yet asked')
    broken.faults.status = undefined
    await until(async () => state(broken) === 'healthy')
    assert.ok((await decided('set_aside', broken)) > 0 && (await decided('taken_back', broken)) > 0)
  })

  it('does not wait for an endpoint that hangs', async () => {
    const { chain, fronts, state } = await open(2)
    await readBalances(chain, 40)
    fronts[0]!.faults.hangs = true
    const times = await readBalances(chain, 40)
    assert.ok(times.at(-1)! < 1_500, `${times.at(-1)} ms`)
    await until(async () => state(fronts[0]!) !== 'healthy')
    fronts[0]!.faults.hangs = false
  })

  it('honours Retry-After: a limited endpoint is not asked before, and the others serve', async () => {
    const { chain, fronts, decided, state } = await open(2)
    const [busy] = fronts as [Front, Front]
    busy.faults.limited = true
    busy.faults.retryAfter = '2'
    await until(async () => {
      await readBalances(chain, 2)
      return (await decided('limited', busy)) > 0
    })
    assert.equal(state(busy), 'limited')
    const before = busy.calls('getBalance')
    const started = performance.now()
    await readBalances(chain, 30)
    if (performance.now() - started < 1_500) assert.equal(busy.calls('getBalance'), before)
    busy.faults.limited = false
    await until(async () => {
      await readBalances(chain, 5)
      return busy.calls('getBalance') > before
    })
  })

  it('keeps to a limit it was told, by letting the others serve', async () => {
    const { chain, fronts } = await open(2, { fragments: ['weight=10&rps=10', ''] })
    for (const { faults } of fronts) faults.delayMs = 10
    const started = performance.now()
    await readBalances(chain, 60)
    const seconds = (performance.now() - started) / 1_000
    assert.ok(fronts[0]!.calls() <= 10 * (seconds + 3), `${fronts[0]!.calls()} calls in ${seconds} s at 10/s`)
    assert.ok(fronts[1]!.calls('getBalance') >= 10)
  })

  it('passes over an endpoint that is slots behind, and never takes an answer older than one it gave', async () => {
    const { chain, fronts, decided, state } = await open(3)
    const [behind] = fronts as [Front, Front, Front]
    behind.faults.change = (_method, answer) => shiftSlots(answer, -60)
    await until(async () => state(behind) === 'behind')
    const slots: number[] = []
    for (let i = 0; i < 15; i++) {
      // Within a slot everybody shares one.
      await systemClock.sleep(SLOT_MS)
      const answer = await chain.latestBlockhash()
      assert.ok(answer.ok)
      slots.push(answer.value.slot)
    }
    assert.ok(slots.every((slot, i) => i === 0 || slot >= slots[i - 1]! - 8))
    assert.ok((await decided('skipped_behind', behind)) > 0)
  })

  it('asks for one blockhash a slot, whoever wants it', async () => {
    const { chain, fronts, decided } = await open(1)
    const [front] = fronts as [Front]
    const before = front.calls('getLatestBlockhash')
    const began = performance.now()
    for (let i = 0; i < 40; i++) {
      assert.ok((await chain.latestBlockhash()).ok)
      await systemClock.sleep(5)
    }
    const slots = Math.ceil((performance.now() - began) / SLOT_MS) + 1
    const asked = front.calls('getLatestBlockhash') - before
    assert.ok(asked >= 2 && asked <= slots, `${asked} in ${slots} slots`)
    assert.equal(await decided('shared'), 40 - asked)
  })

  it('asks with minContextSlot where it is kept, and checks the slot itself where it is not', async () => {
    const { chain, fronts, decided } = await open(1)
    const [front] = fronts as [Front]
    const seen: unknown[] = []
    front.faults.change = (method, answer, params) => {
      if (method === 'getBalance') seen.push((params[1] as { minContextSlot?: number }).minContextSlot)
      return answer
    }
    assert.ok((await chain.balance(someone())).ok)
    assert.ok((await chain.balance(someone())).ok)
    assert.ok(typeof seen[1] === 'number' && seen[1] > 0)
    front.faults.change = (_method, answer) => shiftSlots(answer, -60)
    const stale = await chain.balance(someone())
    assert.deepEqual([stale.ok, !stale.ok && stale.error.kind], [false, 'unavailable'])
    assert.ok((await decided('refused_stale', front)) > 0)
  })

  it('believes nobody who alone is far ahead of all others', async () => {
    const { chain, fronts, state } = await open(3)
    await readBalances(chain, 9)
    const [liar] = fronts as [Front, Front, Front]
    liar.faults.change = (_method, answer) => shiftSlots(answer, 100_000)
    await until(async () => {
      await chain.latestBlockhash()
      return state(liar) === 'ahead'
    })
    for (let i = 0; i < 10; i++) {
      await systemClock.sleep(SLOT_MS)
      const answer = await chain.latestBlockhash()
      assert.ok(answer.ok && answer.value.slot < 100_000, 'the watermark was moved by one alone')
    }
  })

  it('puts reads of one moment into one HTTP request, equal ones once, and does without where batches are refused', async () => {
    const { chain, fronts, decided } = await open(1)
    const [front] = fronts as [Front]
    const before = front.requests()
    const address = someone()
    await Promise.all([...Array.from({ length: 8 }, () => chain.balance(someone())), chain.balance(address), chain.balance(address)])
    assert.equal(front.requests() - before, 1)
    assert.equal(await decided('deduplicated'), 1)
    front.faults.refusesBatches = true
    const answers = await Promise.all(Array.from({ length: 8 }, () => chain.balance(someone())))
    assert.ok(answers.every(({ ok }) => ok))
    assert.equal(await decided('batching_off', front), 1)
  })

  it('asks for statuses 256 and for accounts 100 at a time, whoever wants them', async () => {
    const { chain, fronts } = await open(1)
    const [front] = fronts as [Front]
    const signatures = Array.from({ length: 600 }, () => Keypair.generate().secretKey).map((key) => bs58.encode(key))
    const [one, two] = await Promise.all([chain.statuses(signatures.slice(0, 400)), chain.statuses(signatures.slice(300))])
    assert.ok(one.ok && two.ok && one.value.states.length === 400 && two.value.states.length === 300)
    assert.equal(front.calls('getSignatureStatuses'), 3)
    const images = await Promise.all(Array.from({ length: 150 }, () => chain.accounts([someone()])))
    assert.ok(images.every(({ ok }) => ok))
    assert.equal(front.calls('getMultipleAccounts'), 2)
  })

  it('takes endpoints in and lets them go while it runs', async () => {
    const { chain, fronts, decided } = await open(1)
    const late = await openFront(upstreams[1]!)
    closers.push(late.close)
    const name = chain.addEndpoint(late.url)
    assert.equal(chain.endpoints().length, 2)
    for (const { faults } of [...fronts, late]) faults.delayMs = 8
    await until(async () => {
      await readBalances(chain, 4)
      return late.calls('getBalance') > 0
    })
    assert.equal(await chain.removeEndpoint(name), true)
    const before = late.requests()
    await readBalances(chain, 10)
    assert.equal(late.requests(), before)
    assert.equal(await chain.removeEndpoint(chain.endpoints()[0]!.endpoint), false, 'the last one stays')
    assert.equal(await decided('removed'), 1)
  })

  it('measures the time of a slot', async () => {
    const { chain } = await open(1)
    await until(async () => chain.slotMs() !== undefined)
    const slotMs = chain.slotMs() ?? 0
    assert.ok(slotMs > 35 && slotMs < 80, `${slotMs}`)
  })
})

const shiftSlots = (answer: object, by: number): object => {
  const moved = JSON.parse(JSON.stringify(answer), (key, value: unknown) =>
    (key === 'slot' || key === 'absoluteSlot') && typeof value === 'number' ? value + by : value,
  ) as { result?: unknown }
  return typeof moved.result === 'number' ? { ...moved, result: moved.result + by } : moved
}

const until = async (attempt: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 400; i++) {
    if (await attempt()) return
    await systemClock.sleep(25)
  }
  throw new Error('it did not happen in 10 s')
}
