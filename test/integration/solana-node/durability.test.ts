import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Keypair, LAMPORTS_PER_SOL, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import { type Chain, outcome, rpc, startChain } from './start-part.ts'

describe('local chain under kill -9', function () {
  // four restarts of a node process on a machine that may be busy with other suites
  this.timeout(60_000)
  let chain: Chain
  const payers = Array.from({ length: 4 }, () => Keypair.generate())
  const receiver = Keypair.generate().publicKey
  const answered = new Map<string, { slot: number; err: unknown }>()
  let sent = 0

  before(async () => {
    chain = await startChain(50)
    const connection = chain.connection()
    for (const payer of payers) await outcome(connection, await connection.requestAirdrop(payer.publicKey, 100 * LAMPORTS_PER_SOL))
    await outcome(connection, await connection.requestAirdrop(receiver, LAMPORTS_PER_SOL))
  })
  after(() => chain.stop())

  const transfer = (payer: Keypair, blockhash: string, lamports: number) => {
    const instructions = [SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: receiver, lamports })]
    const transaction = new VersionedTransaction(
      new TransactionMessage({ payerKey: payer.publicKey, recentBlockhash: blockhash, instructions }).compileToV0Message(),
    )
    transaction.sign([payer])
    return transaction
  }
  const signatures = (list: readonly string[]) =>
    Promise.all(
      Array.from({ length: Math.ceil(list.length / 256) }, async (_, i) => {
        const page = list.slice(i * 256, (i + 1) * 256)
        const { value } = await chain.connection().getSignatureStatuses(page, { searchTransactionHistory: true })
        return page.map((signature, n) => [signature, value[n]] as const)
      }),
    ).then((pages) => pages.flat())

  /** Sends and asks without pause until the chain is gone; notes every answer. */
  const load = async (payer: Keypair, endpoint: number, blockhash: string) => {
    const connection = chain.connection(endpoint)
    try {
      for (;;) {
        sent++
        const broken = sent % 5 === 0
        const signature = await connection.sendTransaction(transfer(payer, blockhash, broken ? 10 ** 15 : 1_000 + sent), {
          skipPreflight: true,
        })
        const status = (await connection.getSignatureStatuses([signature])).value[0]
        assert.ok(status, 'a sent transaction has a status at once')
        answered.set(signature, { slot: status.slot, err: status.err })
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
    }
  }

  it('rolls nothing back that was answered, over several kills under load', async () => {
    for (let round = 0; round < 4; round++) {
      const connection = chain.connection()
      const { blockhash } = await connection.getLatestBlockhash('processed')
      const running = payers.map((payer, i) => load(payer, i % 2, blockhash))
      await new Promise((done) => setTimeout(done, 200 + 90 * round))
      const [slot, height] = [await connection.getSlot('processed'), await connection.getBlockHeight('processed')]
      await chain.kill()
      await Promise.all(running)
      await chain.restart()
      const again = chain.connection()
      const now = await again.getSlot('processed')
      assert.ok(now > slot && now < slot + 100, `slots go on: ${slot} → ${now}`)
      assert.ok((await again.getBlockHeight('processed')) > height)
      assert.equal((await again.isBlockhashValid(blockhash, { commitment: 'processed' })).value, true, 'a blockhash outlives the process')
    }
    assert.ok(answered.size > 50, `too few answers to mean anything: ${answered.size}`)
    for (const [signature, status] of await signatures([...answered.keys()])) {
      assert.deepEqual(status && { slot: status.slot, err: status.err }, answered.get(signature), signature)
    }
    const failed = [...answered.values()].filter(({ err }) => err !== null)
    assert.ok(failed.length > 5)
  })

  it('has balances that are the sum of the history, to the lamport', async () => {
    const connection = chain.connection()
    await new Promise((done) => setTimeout(done, 200))
    const history = await connection.getSignaturesForAddress(receiver, { limit: 1_000 })
    assert.ok(history.length >= [...answered.values()].filter(({ err }) => err === null).length)
    let received = 0
    const spent = new Map<string, number>()
    for (const { signature } of history) {
      const landed = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })
      const keys = landed?.transaction.message.staticAccountKeys ?? []
      keys.forEach((key, i) => {
        const change = (landed?.meta?.postBalances[i] ?? 0) - (landed?.meta?.preBalances[i] ?? 0)
        if (key.equals(receiver)) received += change
        else spent.set(key.toBase58(), (spent.get(key.toBase58()) ?? 0) - change)
      })
    }
    assert.equal(await connection.getBalance(receiver), received)
    for (const payer of payers)
      assert.equal(await connection.getBalance(payer.publicKey), 100 * LAMPORTS_PER_SOL - (spent.get(payer.publicKey.toBase58()) ?? 0))
  })

  it('gives the same accounts, transactions and pools before and after', async () => {
    const keys = [...payers.map((payer) => payer.publicKey), receiver, chain.faucet().publicKey].map(String)
    await rpc(chain.ready().url, 'quantbot_setPoolPrice', { symbol: 'SOL/USDC', price: '123.456' })
    const look = async () => {
      const { url } = chain.ready()
      const accounts = (await rpc(url, 'getMultipleAccounts', keys, { encoding: 'base64' })).result as { value: unknown }
      const tokens = (await rpc(url, 'getProgramAccounts', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA', { encoding: 'base64' }))
        .result as { pubkey: string }[]
      const last = [...answered.keys()].at(-1)
      const transaction = await rpc(url, 'getTransaction', last, {
        commitment: 'confirmed',
        encoding: 'base64',
        maxSupportedTransactionVersion: 0,
      })
      return { accounts: accounts.value, tokens: tokens.sort((a, b) => a.pubkey.localeCompare(b.pubkey)), transaction: transaction.result }
    }
    const before = await look()
    assert.ok(before.transaction && before.tokens.length >= 6)
    await chain.kill()
    await chain.restart()
    assert.deepEqual(await look(), before)
  })

  it('writes nothing while idle', async () => {
    const path = join(chain.dir, 'ledger.log')
    const size = statSync(path).size
    const slot = await chain.connection().getSlot('processed')
    await new Promise((done) => setTimeout(done, 500))
    assert.ok((await chain.connection().getSlot('processed')) > slot + 5)
    assert.equal(statSync(path).size, size)
  })

  it('is the only one on its folder', async () => {
    await assert.rejects(startChain(50, chain.dir), /another process serves/)
  }).timeout(15_000)
})
