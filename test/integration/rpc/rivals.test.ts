import assert from 'node:assert/strict'
import { Keypair, SystemProgram } from '@solana/web3.js'
import { type Order, type Policy, transferOrder } from '../../../bench/landing/order.ts'
import { productPolicy } from '../../../bench/landing/product-policy.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { proveAbsence } from '../../../src/rpc/absence.ts'
import type { Chain as ProductChain } from '../../../src/rpc/chain.ts'
import { createChain } from '../../../src/rpc/pool.ts'
import { rpcSender } from '../../../src/rpc/send/rpc-sender.ts'
import { createTracker, type Sighting } from '../../../src/settlement/landing/tracker.ts'
import { compose } from '../../../src/settlement/signing/compose.ts'
import { createComputeLimits } from '../../../src/settlement/signing/compute-limits.ts'
import { type Hostile, type HostileProfile, startHostile } from '../../support/hostile.ts'
import { openStand } from '../settlement/stand.ts'
import { type Chain, rpc, startChain, until } from '../solana-node/start-part.ts'

// Defects of published bots, each as the test that it would fail. Behind every name stands the code that has it.

/** Short, so that a blockhash's life of 150 blocks and finality after 31 more pass in seconds. */
const SLOT_MS = 20
const LIFE_MS = 181 * SLOT_MS

describe('what other bots get wrong', function () {
  this.timeout(60_000)
  let chain: Chain
  let front: Hostile
  let policy: Policy
  let reader: ProductChain
  let count = 0

  before(async () => {
    chain = await startChain(SLOT_MS)
    front = await startHostile({ upstream: chain.ready().url, ports: 3, slotMs: SLOT_MS })
    policy = productPolicy({ urls: front.urls, slotMs: SLOT_MS })
    reader = createChain({ urls: front.urls, registry: createRegistry('test') })
  })
  after(async () => {
    await policy.close()
    await reader.close()
    await front.close()
    await chain.stop()
  })
  beforeEach(() => front.heal())

  const order = (lamports = 3_000_000 + count): Order =>
    transferOrder(`o-${++count}`, chain.faucet(), Keypair.generate().publicKey, lamports)
  /** Reaches the chain and fails there: nobody has so much. */
  const failing = (): Order => order(Number.MAX_SAFE_INTEGER)
  const fate = (kind: keyof NonNullable<HostileProfile['fates']>) => front.setFates({ [kind]: 1 })
  const onChain = async (signatures: readonly string[]): Promise<number> => {
    const { result } = await rpc(chain.ready().url, 'getSignatureStatuses', signatures, { searchTransactionHistory: true })
    return (result as { value: unknown[] }).value.filter((status) => status !== null).length
  }
  const tracked = () => {
    const tracker = createTracker({
      ...{ chain: reader, slotMs: SLOT_MS, clock: systemClock, log: createLog('test', 'silent') },
      ...{ registry: createRegistry('tracker'), wake: () => undefined },
    })
    return tracker
  }
  const signed = async (what: Order) => {
    const latest = await reader.latestBlockhash()
    assert.ok(latest.ok)
    return await what.sign(latest.value)
  }

  it('drift: a failed transaction is not a success', async () => {
    const { verdict, signatures } = await policy.land(failing())
    assert.equal(verdict, 'failed')
    assert.equal(await onChain(signatures), 1)
  })

  it('drift: a status beyond the asked commitment is not missed', async () => {
    const one = await signed(order())
    await reader.send(one.wire)
    await until(async () => {
      const answer = await reader.statuses([one.signature])
      return answer.ok && answer.value.states[0]?.commitment === 'finalized'
    })
    const tracker = tracked()
    const sighting = await until(async (): Promise<Sighting | false> => {
      const found = tracker.follow({ accountId: 'a', ...one })
      return found.kind !== 'pending' && found
    })
    assert.equal(sighting.kind, 'seen')
    await tracker.close()
  })

  it('drift: valid-until is read, not only kept', async () => {
    await fate('lost')
    const one = await signed(order())
    const tracker = tracked()
    const sighting = await until(async (): Promise<Sighting | false> => {
      const found = tracker.follow({ accountId: 'a', ...one })
      return found.kind !== 'pending' && found
    })
    assert.ok(sighting.kind === 'past' && sighting.finalizedHeight > one.lastValidBlockHeight)
    await tracker.close()
  })

  it('orca: a failed transaction is not a timeout', async () => {
    const { verdict, ms } = await policy.land(failing())
    assert.equal(verdict, 'failed')
    assert.ok(ms < LIFE_MS / 2, `told after ${Math.round(ms)} ms`)
  })

  it('helius: lastValidBlockHeight is read before sending, with the blockhash that is signed', async () => {
    const faucet = chain.faucet()
    const payer = { publicKey: faucet.publicKey.toBase58(), sign: async () => new Uint8Array(64) }
    const instructions = [SystemProgram.transfer({ fromPubkey: faucet.publicKey, toPubkey: faucet.publicKey, lamports: 1 })]
    const asked: string[] = []
    const watched: ProductChain = {
      ...reader,
      latestBlockhash: () => {
        asked.push('latestBlockhash')
        return reader.latestBlockhash()
      },
      send: (wire) => {
        asked.push('send')
        return reader.send(wire)
      },
    }
    const draft = { payer, instructions, lookupTables: [], shape: 'self', nonce: 1, minSlot: 0 }
    const composed = await compose(draft, {
      chain: watched,
      limits: createComputeLimits(),
      fees: { price: async () => 0n, fared: () => undefined },
      sender: rpcSender(watched),
    })
    assert.ok(composed.kind === 'ready')
    assert.equal(composed.transaction.message.recentBlockhash, composed.blockhash.blockhash)
    assert.deepEqual(asked, ['latestBlockhash'])
  })

  it('helius: a send that got lost is sent again', async () => {
    for (const port of [0, 1, 2]) await front.setPort(port, { dropSend: 1 })
    const landing = policy.land(order())
    await new Promise((resolve) => setTimeout(resolve, 20 * SLOT_MS))
    await front.heal()
    const { verdict, signatures } = await landing
    assert.deepEqual([verdict, signatures.length], ['landed', 1])
  })

  it('pyth: the loop ends', async () => {
    await fate('lost')
    const one = await signed(order())
    const began = performance.now()
    const tracker = tracked()
    const proven = await until(async () => {
      if (tracker.follow({ accountId: 'a', ...one }).kind !== 'past') return false
      return (await proveAbsence(reader, one.signature, { height: one.lastValidBlockHeight })).kind === 'proven'
    }, 20_000)
    assert.ok(proven && performance.now() - began < LIFE_MS * 3)
    await tracker.close()
  })

  it('jupiter example: expiry is re-checked: what lands in its last block is landed, whatever a height said', async () => {
    await fate('late')
    await front.setPort(0, { heightSkew: 120 })
    const { verdict, signatures } = await policy.land(order())
    assert.deepEqual([verdict, signatures.length, await onChain(signatures)], ['landed', 1, 1])
  })

  it('web3.js: expiry comes only after a final status check, on more than one endpoint', async () => {
    await front.setPort(0, { heightSkew: 200, nullStatus: 1 })
    const one = await signed(order())
    await reader.send(one.wire)
    await until(async () => (await onChain([one.signature])) === 1)
    await until(async () => {
      const absence = await proveAbsence(reader, one.signature, { height: one.lastValidBlockHeight })
      assert.notEqual(absence.kind, 'proven')
      return absence.kind === 'found'
    })
  })

  it('Hummingbot: reverted and timed out differ', async () => {
    const reverted = await policy.land(failing())
    await fate('lost')
    const gone = await signed(order())
    await reader.send(gone.wire)
    const absence = await until(async () => {
      const found = await proveAbsence(reader, gone.signature, { height: gone.lastValidBlockHeight })
      return found.kind === 'proven' && found
    }, 20_000)
    assert.deepEqual([reverted.verdict, absence.kind], ['failed', 'proven'])
  })

  it('Hummingbot: expiry is that of the signed blockhash, not of a new one', async () => {
    await fate('lost')
    const one = await signed(order())
    const newer = await until(async () => {
      const latest = await reader.latestBlockhash()
      return latest.ok && latest.value.lastValidBlockHeight > one.lastValidBlockHeight + 20 && latest.value
    })
    await until(async () => (await proveAbsence(reader, one.signature, { height: one.lastValidBlockHeight })).kind === 'proven', 20_000)
    assert.equal((await proveAbsence(reader, one.signature, { height: newer.lastValidBlockHeight + 60 })).kind, 'too_early')
  })

  it('everybody: what a dying fork confirmed is not forgotten in the middle', async () => {
    await fate('ghost')
    const landing = policy.land(order())
    await new Promise((resolve) => setTimeout(resolve, 8 * SLOT_MS))
    await front.setFates({})
    const { verdict, signatures } = await landing
    assert.equal(verdict, 'landed')
    assert.equal(await onChain(signatures), 1)
  })

  it('drift keepers: pending signatures survive a restart', async () => {
    const stand = await openStand()
    try {
      const first = await stand.startWorker((deps) => ({
        ...deps,
        chain: { ...deps.chain, send: async () => ({ accepted: [], failures: [] }) },
      }))
      // Its deposit cannot land either: both are pending in the log alone when the worker goes.
      const accountId = `restart-${Keypair.generate().publicKey.toBase58().slice(0, 8)}`
      await stand.command(accountId, { type: 'OpenAccount', accountId })
      const usdc = stand.instruments.byAsset('USDC')!
      await stand.command(accountId, { type: 'RequestDeposit', depositId: 'd-1', asset: usdc, amount: 1_000_000_000n })
      const signatures = async () =>
        (await stand.events(accountId)).flatMap((event) => (event.type === 'TransactionSigned' ? [event.data.signature] : []))
      const [pending] = await until(async () => {
        const found = await signatures()
        return found.length > 0 && found
      }, 20_000)
      await first.close()
      assert.equal((await stand.state(accountId)).balances.size, 0)
      const second = await stand.startWorker()
      await until(async () => (await stand.state(accountId)).balances.size > 0, 20_000)
      assert.deepEqual(await signatures(), [pending], 'the signature of before the restart is the one that landed')
      const number = await stand.place(accountId, { orderQty: 10n ** 9n })
      assert.equal((await stand.ended(accountId, number)).type, 'TradeBooked')
      await second.close()
    } finally {
      await stand.close()
    }
  })
})
