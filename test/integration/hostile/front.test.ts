import assert from 'node:assert/strict'
import { Keypair, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'
import { type Hostile, startHostile } from '../../support/hostile.ts'
import { type Chain, rpc, startChain, until } from '../solana-node/start-part.ts'

const SLOT_MS = 20
const LIFE = 150

interface Status {
  readonly slot: number
  readonly confirmationStatus: string
}

describe('the hostile front', function () {
  this.timeout(60_000)
  let chain: Chain
  let front: Hostile
  let nonce = 0

  before(async () => {
    chain = await startChain(SLOT_MS)
    front = await startHostile({ upstream: chain.ready().url, ports: 3, slotMs: SLOT_MS })
  })
  after(async () => {
    await front.close()
    await chain.stop()
  })
  beforeEach(async () => {
    await front.heal()
    await front.clearCounts()
  })

  const signed = async () => {
    const { blockhash, lastValidBlockHeight } = (
      (await rpc(front.urls[2]!, 'getLatestBlockhash', { commitment: 'confirmed' })).result as {
        value: { blockhash: string; lastValidBlockHeight: number }
      }
    ).value
    const faucet = chain.faucet()
    const message = new TransactionMessage({
      payerKey: faucet.publicKey,
      recentBlockhash: blockhash,
      instructions: [
        SystemProgram.transfer({ fromPubkey: faucet.publicKey, toPubkey: Keypair.generate().publicKey, lamports: 2_000_000 + nonce++ }),
      ],
    }).compileToV0Message()
    const transaction = new VersionedTransaction(message)
    transaction.sign([faucet])
    const wire = Buffer.from(transaction.serialize()).toString('base64')
    return { signature: bs58.encode(transaction.signatures[0]!), wire, lastValidBlockHeight }
  }
  const send = (url: string, wire: string) => rpc(url, 'sendTransaction', wire, { encoding: 'base64', skipPreflight: true, maxRetries: 0 })
  const statusAt = async (url: string, signature: string): Promise<Status | null> => {
    const { result } = await rpc(url, 'getSignatureStatuses', [signature], { searchTransactionHistory: true })
    return (result as { value: (Status | null)[] }).value[0] ?? null
  }
  const truth = (signature: string) => statusAt(chain.ready().url, signature)
  const height = async (url: string) => (await rpc(url, 'getBlockHeight', { commitment: 'processed' })).result as number
  const port = (n: number) => front.urls[n]!

  it('without faults tells what the chain tells, and lands what is sent', async () => {
    const { signature, wire } = await signed()
    assert.equal((await send(port(0), wire)).result, signature)
    const seen = await until(() => statusAt(port(1), signature))
    assert.deepEqual({ slot: seen.slot }, { slot: (await truth(signature))?.slot })
    const found = await until(async () => {
      const options = { commitment: 'confirmed', maxSupportedTransactionVersion: 0 }
      return (await rpc(port(2), 'getTransaction', signature, options)).result as { slot: number } | null
    })
    assert.equal(found.slot, seen.slot)
  })

  it('holds a lagging port back in slots, heights, statuses and blockhashes', async () => {
    // the front can hold back only what it has seen
    const first = await height(port(0))
    await until(async () => (await height(port(0))) > first + 60)
    await front.setPort(1, { lagSlots: 40 })
    const { signature, wire } = await signed()
    await send(port(0), wire)
    await until(() => statusAt(port(0), signature))
    assert.equal(await statusAt(port(1), signature), null)
    assert.ok((await height(port(0))) - (await height(port(1))) >= 35)
    const hash = async (url: string) =>
      ((await rpc(url, 'getLatestBlockhash')).result as { value: { blockhash: string; lastValidBlockHeight: number } }).value
    const [near, far] = [await hash(port(0)), await hash(port(1))]
    assert.ok(near.lastValidBlockHeight - far.lastValidBlockHeight >= 35)
    const slot = (await rpc(port(0), 'getSlot', { commitment: 'processed' })).result
    assert.equal((await rpc(port(1), 'getBalance', chain.faucet().publicKey.toBase58(), { minContextSlot: slot })).error?.code, -32016)
    await until(() => statusAt(port(1), signature))
  })

  it('lies about heights and knows nothing of its share of signatures', async () => {
    await front.setPort(0, { heightSkew: 90, nullStatus: 1 })
    assert.ok((await height(port(0))) - (await height(port(1))) >= 85)
    const { signature, wire } = await signed()
    await send(port(0), wire)
    await until(() => statusAt(port(1), signature))
    assert.equal(await statusAt(port(0), signature), null)
  })

  it('answers 429 with Retry-After, at random and above a rate, and 5xx', async () => {
    const ask = () => fetch(port(0), { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getSlot' }) })
    await front.setPort(0, { tooMany: 1, retryAfterS: 2 })
    const limited = await ask()
    assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '2'])
    await front.setPort(0, { perSecond: 5, retryAfterS: 0 })
    const statuses = await Promise.all(Array.from({ length: 12 }, async () => (await ask()).status))
    assert.equal(statuses.filter((status) => status === 429).length, 7)
    await front.setPort(0, { serverError: 1 })
    assert.ok((await ask()).status >= 500)
  })

  it('cuts, stalls and slows connections', async () => {
    const ask = (ms: number) =>
      fetch(port(0), {
        method: 'POST',
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getSlot' }),
        signal: AbortSignal.timeout(ms),
      })
    await front.setPort(0, { reset: 1 })
    await assert.rejects(ask(2_000), /fetch failed/)
    await front.setPort(0, { halfOpen: 1 })
    await assert.rejects(ask(200), { name: 'TimeoutError' })
    await front.setPort(0, { slow: 1, slowMs: 300 })
    const began = performance.now()
    await (await ask(2_000)).json()
    assert.ok(performance.now() - began >= 290)
    await front.setPort(0, { dead: true })
    await assert.rejects(ask(2_000), /fetch failed/)
  })

  it('answers a dropped send with its signature and forwards nothing', async () => {
    await front.setPort(0, { dropSend: 1 })
    const { signature, wire } = await signed()
    assert.equal((await send(port(0), wire)).result, signature)
    await new Promise((resolve) => setTimeout(resolve, 5 * SLOT_MS))
    assert.equal(await truth(signature), null)
    await send(port(1), wire)
    await until(() => truth(signature))
  })

  it('lands a late transaction in the last blocks of its life, however often it was sent before', async () => {
    await front.setFates({ late: 1 })
    const { signature, wire, lastValidBlockHeight } = await signed()
    for (const url of front.urls) await send(url, wire)
    const landed = await until(() => truth(signature), 10_000)
    const landedAt = landed.slot - 1_000
    assert.ok(landedAt <= lastValidBlockHeight && landedAt > lastValidBlockHeight - 20, `${landedAt} of ${lastValidBlockHeight}`)
  })

  it('shows a transaction of a dying fork and takes it back; no port says otherwise', async () => {
    await front.setFates({ ghost: 1 })
    const { signature, wire } = await signed()
    await send(port(0), wire)
    await until(() => statusAt(port(1), signature))
    assert.equal(await truth(signature), null)
    await until(async () => (await Promise.all(front.urls.map((url) => statusAt(url, signature)))).every((status) => status === null))
  })

  it('takes a landed transaction back past its finality and lands it again in a later slot', async () => {
    await front.setFates({ rollback: 1 })
    const { signature, wire } = await signed()
    await send(port(0), wire)
    const first = await until(async () => {
      const status = await statusAt(port(1), signature)
      return status?.confirmationStatus === 'confirmed' && status
    })
    await until(async () => (await Promise.all(front.urls.map((url) => statusAt(url, signature)))).every((status) => status === null))
    const again = await until(() => statusAt(port(2), signature))
    assert.ok(again.slot > first.slot + 31 && again.slot < first.slot + LIFE)
    await until(async () => (await statusAt(port(0), signature))?.confirmationStatus === 'finalized')
  })

  it('decides alike for the same seed', async () => {
    const decisions = async (seed: number) => {
      const one = await startHostile({
        upstream: chain.ready().url,
        ports: 1,
        seed,
        slotMs: SLOT_MS,
        profile: { ports: [{ tooMany: 0.5 }] },
      })
      const statuses: number[] = []
      for (let i = 0; i < 24; i++)
        statuses.push(
          (await fetch(one.urls[0]!, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getSlot' }) })).status,
        )
      await one.close()
      return statuses
    }
    const first = await decisions(7)
    assert.deepEqual(await decisions(7), first)
    assert.notDeepEqual(await decisions(8), first)
  })
})
