import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Keypair, PublicKey, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'
import { systemClock } from '../../../src/platform/clock.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import type { Chain } from '../../../src/rpc/chain.ts'
import { createChain } from '../../../src/rpc/pool.ts'
import { jitoSender } from '../../../src/rpc/send/jito.ts'
import { relaySender } from '../../../src/rpc/send/relay.ts'
import { rpcSender } from '../../../src/rpc/send/rpc-sender.ts'
import { sendThrough } from '../../../src/rpc/send/sender.ts'
import { solana } from '../../support/services.ts'

const TIP_ACCOUNTS = [Keypair.generate().publicKey.toBase58(), Keypair.generate().publicKey.toBase58()]

interface Taken {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly method: string
  readonly params: readonly unknown[]
}

describe('ways to the leaders', function () {
  this.timeout(30_000)
  const clock = systemClock
  const taken: Taken[] = []
  let chain: Chain
  let upstream: string
  let url: string
  let status = 200
  let close: () => void

  before(async function () {
    this.timeout(60_000)
    const { urls } = await solana()
    upstream = urls[0]!
    chain = createChain({ urls, registry: createRegistry('test') })
    const server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const body = JSON.parse(text) as { id: number; method: string; params: readonly unknown[] }
      taken.push({ path: request.url ?? '', headers: request.headers, ...body })
      if (status !== 200) return void response.writeHead(status, { 'retry-after': '30' }).end()
      response.end(JSON.stringify({ jsonrpc: '2.0', id: body.id, result: await serve(body) }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    close = () => {
      server.closeAllConnections()
      server.close()
    }
  })
  after(async () => {
    close()
    await chain.close()
  })
  beforeEach(() => {
    taken.length = 0
    status = 200
  })

  /** As a block engine and a relay answer; what they take goes to the chain. */
  const serve = async ({ method, params }: { method: string; params: readonly unknown[] }): Promise<unknown> => {
    if (method === 'getTipAccounts') return TIP_ACCOUNTS
    const wires = (method === 'sendBundle' ? params[0] : [params[0]]) as string[]
    for (const wire of wires) {
      const body = { jsonrpc: '2.0', id: 1, method: 'sendTransaction', params: [wire, { encoding: 'base64', skipPreflight: true }] }
      await fetch(upstream, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    }
    return method === 'sendBundle'
      ? 'b'.repeat(64)
      : bs58.encode(VersionedTransaction.deserialize(Buffer.from(wires[0]!, 'base64')).signatures[0]!)
  }

  const signed = async (): Promise<{ wire: Uint8Array; signature: string }> => {
    const from = Keypair.generate()
    await chain.airdrop(from.publicKey.toBase58(), 10_000_000n)
    await until(async () => {
      const balance = await chain.balance(from.publicKey.toBase58())
      return balance.ok && balance.value > 0n
    })
    const latest = await chain.latestBlockhash()
    assert.ok(latest.ok)
    const message = new TransactionMessage({
      payerKey: from.publicKey,
      recentBlockhash: latest.value.blockhash,
      instructions: [SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: PublicKey.unique(), lamports: 1_000_000 })],
    })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    transaction.sign([from])
    return { wire: transaction.serialize(), signature: bs58.encode(transaction.signatures[0]!) }
  }
  const lands = (signature: string) =>
    until(async () => {
      const answer = await chain.statuses([signature])
      return answer.ok && answer.value.states[0] !== null
    })
  const jito = (mode: 'bundle' | 'transaction') =>
    jitoSender({ url, mode, authKey: 'secret', tipLamports: 10_000n, clock, registry: createRegistry('test') })

  it('lands a Jito bundle of one transaction', async () => {
    const sender = jito('bundle')
    const { wire, signature } = await signed()
    assert.deepEqual(await sender.send(wire, 0), { accepted: ['jito'], failures: [] })
    await lands(signature)
    const [{ path, method, params, headers }] = taken as [Taken]
    assert.deepEqual([path, method, headers['x-jito-auth']], ['/api/v1/bundles', 'sendBundle', 'secret'])
    assert.deepEqual(params, [[Buffer.from(wire).toString('base64')], { encoding: 'base64' }])
    await sender.close()
  })

  it('lands a transaction by Jito, and names tip accounts in turn, asked for once', async () => {
    const sender = jito('transaction')
    const tips = [await sender.tip?.(), await sender.tip?.(), await sender.tip?.()]
    assert.deepEqual(
      tips.map((tip) => tip?.account),
      [TIP_ACCOUNTS[0], TIP_ACCOUNTS[1], TIP_ACCOUNTS[0]],
    )
    assert.ok(tips.every((tip) => tip?.lamports === 10_000n))
    assert.equal(taken.filter(({ method }) => method === 'getTipAccounts').length, 1)
    const { wire, signature } = await signed()
    await sender.send(wire, 0)
    await lands(signature)
    assert.deepEqual([taken.at(-1)!.path, taken.at(-1)!.method], ['/api/v1/transactions', 'sendTransaction'])
    await sender.close()
  })

  it('lands a transaction by a staked relay', async () => {
    const sender = relaySender({ url: `${url}/fast?region=fra`, apiKey: 'k', clock, registry: createRegistry('test') })
    const { wire, signature } = await signed()
    assert.deepEqual(await sender.send(wire, 0), { accepted: ['relay'], failures: [] })
    await lands(signature)
    const [{ path, headers, params }] = taken as [Taken]
    assert.deepEqual([path, headers.authorization], ['/fast?region=fra', 'Bearer k'])
    assert.deepEqual(params[1], { encoding: 'base64', skipPreflight: true, maxRetries: 0 })
    await sender.close()
  })

  it('goes every way at once; a way that is limited keeps nobody else back and gets its pause', async () => {
    status = 429
    const relay = relaySender({ url, apiKey: undefined, clock, registry: createRegistry('test') })
    const all = sendThrough([rpcSender(chain), relay])
    const { wire, signature } = await signed()
    const outcome = await all.send(wire, 0)
    assert.ok(outcome.accepted.length >= 1)
    assert.deepEqual(
      outcome.failures.map(({ endpoint, error }) => [endpoint, error.kind]),
      [['relay', 'unavailable']],
    )
    await lands(signature)
    await all.send(wire, 1)
    assert.equal(taken.length, 1, 'asked again before its Retry-After')
    await relay.close()
  })
})

const until = async (attempt: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 400; i++) {
    if (await attempt()) return
    await systemClock.sleep(25)
  }
  throw new Error('it did not happen in 10 s')
}
