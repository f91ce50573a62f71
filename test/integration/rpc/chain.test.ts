import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Keypair, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'
import { systemClock } from '../../../src/platform/clock.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { proveAbsence } from '../../../src/rpc/absence.ts'
import type { Chain } from '../../../src/rpc/chain.ts'
import { createChain } from '../../../src/rpc/pool.ts'
import { openFaucet } from '../../../src/settlement/faucet.ts'
import { solana } from '../../support/services.ts'

const NOWHERE = 'http://127.0.0.1:9'

describe('chain over several endpoints', () => {
  let urls: readonly string[]
  let chain: Chain
  const opened: Chain[] = []
  const open = (given: readonly string[]): Chain => {
    const next = createChain({ urls: given, registry: createRegistry('test') })
    opened.push(next)
    return next
  }
  before(async function () {
    this.timeout(60_000)
    urls = (await solana()).urls
    chain = open(urls)
  })
  after(() => Promise.all(opened.map((each) => each.close())))

  const transfer = async (
    from: Keypair,
    lamports: number,
  ): Promise<{ wire: Uint8Array; signature: string; lastValidBlockHeight: number }> => {
    const latest = await chain.latestBlockhash()
    assert.ok(latest.ok)
    const message = new TransactionMessage({
      payerKey: from.publicKey,
      recentBlockhash: latest.value.blockhash,
      instructions: [SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: Keypair.generate().publicKey, lamports })],
    })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    transaction.sign([from])
    const { lastValidBlockHeight } = latest.value
    return { wire: transaction.serialize(), signature: bs58.encode(transaction.signatures[0]!), lastValidBlockHeight }
  }
  const funded = async (): Promise<Keypair> => {
    const wallet = Keypair.generate()
    assert.ok((await chain.airdrop(wallet.publicKey.toBase58(), 5_000_000_000n)).ok)
    await until(async () => {
      const balance = await chain.balance(wallet.publicKey.toBase58())
      return balance.ok && balance.value === 5_000_000_000n
    })
    return wallet
  }
  const seen = (signature: string) =>
    until(async () => {
      const answer = await chain.statuses([signature])
      const state = answer.ok ? answer.value.states[0] : null
      return state && state.commitment !== 'processed' && state
    })

  it('sends to every endpoint, sees it confirmed and reads what it did', async () => {
    const from = await funded()
    const { wire, signature } = await transfer(from, 1_000_000_000)
    assert.equal((await chain.send(wire)).accepted.length, urls.length)
    const state = await seen(signature)
    assert.equal(state.error, null)
    const read = await until(async () => {
      const answer = await chain.transaction(signature)
      return answer.ok && answer.value
    })
    assert.deepEqual([read.slot, read.error, read.fee, read.deltas], [state.slot, null, 5_000n, []])
  })

  it('lands a failing transaction with its error and fee', async () => {
    const { wire, signature } = await transfer(await funded(), 900_000_000_000)
    const simulated = await chain.simulate(wire)
    assert.equal(simulated.ok && simulated.value.error, 'custom:1')
    await chain.send(wire)
    assert.equal((await seen(signature)).error, 'custom:1')
    const read = await until(async () => {
      const answer = await chain.transaction(signature)
      return answer.ok && answer.value
    })
    assert.deepEqual([read.error, read.fee, read.rent], ['custom:1', 5_000n, 0n])
  })

  it('proves a signature absent only past its last height, and finds one that is there', async () => {
    const { signature } = await transfer(await funded(), 1)
    const heights = await chain.finalizedHeights()
    assert.equal(heights.length, urls.length)
    const height = Math.min(...heights.map((h) => h.height))
    assert.equal((await proveAbsence(chain, signature, { height: height + 1_000_000 })).kind, 'too_early')
    const absent = await proveAbsence(chain, signature, { height: height - 1 })
    assert.equal(absent.kind, 'proven')
    assert.equal(absent.kind === 'proven' && absent.proof.length, Math.min(2, urls.length))

    const sent = await transfer(await funded(), 1)
    await chain.send(sent.wire)
    await seen(sent.signature)
    assert.equal((await proveAbsence(chain, sent.signature, { height: height - 1 })).kind, 'found')
  })

  it('does not take one witness of two for a proof', async () => {
    const partly = open([urls[0]!, NOWHERE])
    const { signature } = await transfer(await funded(), 1)
    const [finalized] = await partly.finalizedHeights()
    const absence = await proveAbsence(partly, signature, { height: finalized!.height - 1 })
    assert.deepEqual([absence.kind, absence.kind === 'unproven' && absence.reason], ['unproven', '1 of 2 endpoints can prove it absent'])
  })

  it('fails over from a dead endpoint and sets it aside', async () => {
    const mixed = open([NOWHERE, urls[0]!])
    for (let i = 0; i < 4; i++) assert.ok((await mixed.latestBlockhash()).ok)
    assert.deepEqual(
      mixed.endpoints().map((endpoint) => endpoint.healthy),
      [false, true],
    )
    assert.match(mixed.endpoints()[0]!.endpoint, /^0:127\.0\.0\.1:9$/)
  })

  it('answers unavailable, not an exception, when nobody is there or nobody can serve', async () => {
    const dead = open([NOWHERE])
    const answer = await dead.balance(Keypair.generate().publicKey.toBase58())
    assert.deepEqual([answer.ok, !answer.ok && answer.error.kind], [false, 'unavailable'])
    assert.deepEqual((await dead.send(new Uint8Array(10))).accepted, [])
    assert.deepEqual(await dead.finalizedHeights(), [])

    const busy = await answering(429, 'slow down')
    const limited = open([busy.url])
    const refused = await limited.latestBlockhash()
    assert.deepEqual([refused.ok, !refused.ok && refused.error.kind], [false, 'unavailable'])
    assert.ok(busy.calls() <= 3, `${busy.calls()} calls: nobody but the pool may retry`)
    busy.close()
  })

  it('keeps bytes no node can read from setting an endpoint aside', async () => {
    const fresh = open(urls)
    for (let i = 0; i < 4; i++) assert.equal((await fresh.send(new Uint8Array(40))).accepted.length, 0)
    assert.ok(fresh.endpoints().every((endpoint) => endpoint.healthy))
  })

  it('reads token balances of many owners in batches, 0 where there is no account', async () => {
    const holders = Array.from({ length: 130 }, () => ({
      owner: Keypair.generate().publicKey.toBase58(),
      mint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
    }))
    const answer = await chain.tokenBalances(holders)
    assert.ok(answer.ok && answer.value.length === 130 && answer.value.every((amount) => amount === 0n))
  })

  it('opens the faucet’s key file', async () => {
    const { db } = await solana()
    const faucet = await openFaucet(join(db, 'faucet.json'))
    const balance = await chain.balance(faucet.publicKey)
    assert.ok(balance.ok && balance.value > 0n)
  })
})

const until = async <T>(attempt: () => Promise<T | false | null | undefined>): Promise<T> => {
  for (let i = 0; i < 400; i++) {
    const value = await attempt()
    if (value) return value
    await systemClock.sleep(25)
  }
  throw new Error('it did not happen in 10 s')
}

const answering = async (status: number, body: string): Promise<{ url: string; calls: () => number; close: () => void }> => {
  let calls = 0
  const server: Server = createServer((_request, response) => {
    calls++
    response.writeHead(status).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, calls: () => calls, close: () => server.close() }
}
