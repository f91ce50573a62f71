import assert from 'node:assert/strict'
import { join } from 'node:path'
import {
  createAssociatedTokenAccountIdempotentInstruction,
  createMintToInstruction,
  getAssociatedTokenAddressSync,
  NATIVE_MINT,
} from '@solana/spl-token'
import {
  type Connection,
  Keypair,
  PublicKey,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js'
import bs58 from 'bs58'
import { type Chain, outcome, type RunningPart, rpc, startChain, startPart } from '../solana-node/start-part.ts'

const SOL = NATIVE_MINT.toBase58()
const USDC = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'
const BONK = 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263'

interface InstructionJson {
  programId: string
  accounts: { pubkey: string; isSigner: boolean; isWritable: boolean }[]
  data: string
}
interface Build {
  inAmount: string
  outAmount: string
  otherAmountThreshold: string
  contextSlot: number
  computeBudgetInstructions: InstructionJson[]
  setupInstructions: InstructionJson[]
  swapInstruction: InstructionJson
  blockhashWithMetadata: { blockhash: number[]; lastValidBlockHeight: number }
}
interface Price {
  usdPrice: number
  price: string
  blockId: number
  decimals: number
}

describe('swap venue over the local chain', () => {
  let chain: Chain
  let venue: RunningPart<{ url: string; part: string }>
  let connection: Connection
  const payer = Keypair.generate()
  const taker = Keypair.generate()

  const get = async (path: string, query: Record<string, string>) => {
    const response = await fetch(`${venue.ready.url}${path}?${new URLSearchParams(query)}`)
    return { status: response.status, body: (await response.json()) as never }
  }
  const toInstruction = ({ programId, accounts, data }: InstructionJson) =>
    new TransactionInstruction({
      programId: new PublicKey(programId),
      keys: accounts.map((account) => ({ ...account, pubkey: new PublicKey(account.pubkey) })),
      data: Buffer.from(data, 'base64'),
    })
  const sign = (build: Build) => {
    const message = new TransactionMessage({
      payerKey: payer.publicKey,
      recentBlockhash: bs58.encode(Uint8Array.from(build.blockhashWithMetadata.blockhash)),
      instructions: [...build.computeBudgetInstructions, ...build.setupInstructions, build.swapInstruction].map(toInstruction),
    })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    transaction.sign([payer, taker])
    return transaction
  }
  const held = async (mint: string, owner = taker.publicKey) => {
    const account = getAssociatedTokenAddressSync(new PublicKey(mint), owner)
    const info = await connection.getAccountInfo(account)
    return info ? info.data.readBigUInt64LE(64) : undefined
  }
  const land = async (transaction: VersionedTransaction) => {
    const signature = await connection.sendTransaction(transaction, { skipPreflight: true })
    return { signature, err: await outcome(connection, signature) }
  }

  before(async () => {
    chain = await startChain(50)
    connection = chain.connection()
    venue = await startPart('embedded/venue/main', [
      '--rpc',
      chain
        .ready()
        .ports.map((port) => `http://127.0.0.1:${port}`)
        .join(','),
      '--pools',
      join(chain.dir, 'pools.json'),
    ])
    const faucet = chain.faucet()
    const usdc = getAssociatedTokenAddressSync(new PublicKey(USDC), taker.publicKey)
    const fund = new Transaction().add(
      SystemProgram.transfer({ fromPubkey: faucet.publicKey, toPubkey: payer.publicKey, lamports: 10_000_000_000 }),
      createAssociatedTokenAccountIdempotentInstruction(faucet.publicKey, usdc, taker.publicKey, new PublicKey(USDC)),
      createMintToInstruction(new PublicKey(USDC), usdc, faucet.publicKey, 10_000_000_000n),
    )
    await sendAndConfirmTransaction(connection, fund, [faucet])
  })
  after(async () => {
    await venue.stop()
    await chain.stop()
  })

  it('builds an exact-in swap whose landing moves exactly what it quoted, at the cost of the payer alone', async () => {
    const { status, body } = await get('/swap/v2/build', {
      inputMint: USDC,
      outputMint: SOL,
      amount: '1000000000',
      slippageBps: '50',
      taker: taker.publicKey.toBase58(),
      payer: payer.publicKey.toBase58(),
    })
    const built = body as Build
    assert.equal(status, 200)
    assert.equal(built.otherAmountThreshold, String((BigInt(built.outAmount) * 9_950n) / 10_000n))
    assert.equal(built.setupInstructions.length, 1, 'the taker has no wrapped SOL account yet')
    const before = (await held(USDC)) as bigint
    const { signature, err } = await land(sign(built))
    assert.equal(err, null)
    assert.equal(before - ((await held(USDC)) as bigint), 1_000_000_000n)
    assert.equal(await held(SOL), BigInt(built.outAmount))
    assert.equal(await connection.getBalance(taker.publicKey), 0, 'the taker pays no lamport')
    const landed = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })
    const returned = Buffer.from((landed?.meta as { returnData?: { data: [string] } } | undefined)?.returnData?.data[0] ?? '', 'base64')
    assert.equal(returned.readBigUInt64LE(8), BigInt(built.outAmount))
  })

  it('builds an exact-out swap that gives the asked amount to the unit', async () => {
    const query = {
      inputMint: USDC,
      outputMint: SOL,
      amount: '1500000000',
      swapMode: 'ExactOut',
      taker: taker.publicKey.toBase58(),
      payer: payer.publicKey.toBase58(),
    }
    const built = (await get('/swap/v2/build', query)).body as Build
    assert.equal(built.setupInstructions.length, 0, 'the account exists by now')
    assert.ok(BigInt(built.otherAmountThreshold) > BigInt(built.inAmount))
    const [usdc, sol] = [(await held(USDC)) as bigint, (await held(SOL)) as bigint]
    const { err } = await land(sign(built))
    assert.equal(err, null)
    assert.equal(((await held(SOL)) as bigint) - sol, 1_500_000_000n)
    assert.equal(usdc - ((await held(USDC)) as bigint), BigInt(built.inAmount))
  })

  it('fails with 6001 when the pool moved past the threshold, and only the fee is gone', async () => {
    const query = {
      inputMint: USDC,
      outputMint: SOL,
      amount: '100000000',
      slippageBps: '10',
      taker: taker.publicKey.toBase58(),
      payer: payer.publicKey.toBase58(),
    }
    const built = (await get('/swap/v2/build', query)).body as Build
    await rpc(chain.ready().url, 'quantbot_setPoolPrice', { symbol: 'SOL/USDC', price: '160' })
    const before = await held(USDC)
    const { err } = await land(sign(built))
    assert.deepEqual(err, { InstructionError: [1, { Custom: 6001 }] })
    assert.equal(await held(USDC), before)
  })

  it('prices all mints of one call at one slot, exactly', async () => {
    await rpc(chain.ready().url, 'quantbot_setPoolPrice', { symbol: 'BONK/USDC', price: '0.00002' })
    await rpc(chain.ready().url, 'quantbot_setPoolPrice', { symbol: 'SOL/USDC', price: '160' })
    const unknown = Keypair.generate().publicKey.toBase58()
    const { status, body } = await get('/price/v3', { ids: [SOL, USDC, BONK, unknown].join(',') })
    const found = body as Record<string, Price>
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(found).sort(), [BONK, USDC, SOL].sort())
    assert.ok(Math.abs(Number(found[SOL]?.price) - 160) < 1e-6, found[SOL]?.price)
    assert.ok(Math.abs(Number(found[BONK]?.price) - 0.00002) < 1e-12, found[BONK]?.price)
    assert.equal(found[USDC]?.price, '1')
    assert.equal(found[SOL]?.blockId, found[BONK]?.blockId)
    assert.equal(found[SOL]?.decimals, 9)
  })

  it('quotes without a taker, and executes a signed order', async () => {
    const query = { inputMint: SOL, outputMint: USDC, amount: '500000000' }
    const quote = (await get('/swap/v2/order', query)).body as { transaction: string | null; outAmount: string }
    assert.equal(quote.transaction, null)
    const offer = (await get('/swap/v2/order', { ...query, taker: taker.publicKey.toBase58(), payer: payer.publicKey.toBase58() }))
      .body as {
      transaction: string
      outAmount: string
      requestId: string
    }
    const transaction = VersionedTransaction.deserialize(Buffer.from(offer.transaction, 'base64'))
    const post = async (body: object) =>
      (await fetch(`${venue.ready.url}/swap/v2/execute`, { method: 'POST', body: JSON.stringify(body) })).json()
    const unsigned = (await post({ signedTransaction: offer.transaction, requestId: offer.requestId })) as { code: number }
    assert.equal(unsigned.code, -1003)
    transaction.sign([payer, taker])
    const signedTransaction = Buffer.from(transaction.serialize()).toString('base64')
    const before = (await held(USDC)) as bigint
    const done = (await post({ signedTransaction, requestId: offer.requestId })) as {
      status: string
      code: number
      totalInputAmount: string
      totalOutputAmount: string
    }
    assert.deepEqual([done.status, done.code, done.totalInputAmount, done.totalOutputAmount], ['Success', 0, '500000000', offer.outAmount])
    assert.equal(((await held(USDC)) as bigint) - before, BigInt(offer.outAmount))
    const poor = (await get('/swap/v2/order', { ...query, taker: Keypair.generate().publicKey.toBase58() })).body as {
      transaction: string
      errorCode: number
    }
    assert.deepEqual([poor.transaction, poor.errorCode], ['', 1])
  })

  it('refuses in Jupiter’s words', async () => {
    const code = async (query: Record<string, string>, path = '/swap/v2/order') => {
      const { status, body } = await get(path, query)
      return [status, (body as { errorCode: string }).errorCode]
    }
    const stranger = Keypair.generate().publicKey.toBase58()
    assert.deepEqual(await code({ inputMint: stranger, outputMint: USDC, amount: '1' }), [400, 'TOKEN_NOT_TRADABLE'])
    assert.deepEqual(await code({ inputMint: SOL, outputMint: BONK, amount: '1000' }), [400, 'NO_ROUTES_FOUND'])
    assert.deepEqual(await code({ inputMint: USDC, outputMint: SOL, amount: '30000000000000', swapMode: 'ExactOut' }), [
      400,
      'COULD_NOT_FIND_ANY_ROUTE',
    ])
    assert.deepEqual(await code({ inputMint: USDC, outputMint: SOL, amount: '1.5' }), [400, 'INVALID_REQUEST'])
    assert.deepEqual(await code({ inputMint: USDC, outputMint: SOL, amount: '1', wrapAndUnwrapSol: 'true' }), [400, 'INVALID_REQUEST'])
    assert.deepEqual(await code({ inputMint: USDC, outputMint: SOL, amount: '1000' }, '/swap/v2/build'), [400, 'INVALID_REQUEST'])
    assert.deepEqual(await code({}, '/nope'), [404, 'NOT_FOUND'])
  })

  it('answers 503 quickly while the chain is down, and recovers by itself', async () => {
    const ports = chain.ready().ports
    await chain.kill()
    const started = performance.now()
    const { status, body } = await get('/price/v3', { ids: SOL })
    assert.equal(status, 503)
    assert.equal((body as { errorCode: string }).errorCode, 'CHAIN_UNAVAILABLE')
    assert.ok(performance.now() - started < 1_000)
    await chain.restart(ports)
    connection = chain.connection()
    assert.equal((await get('/price/v3', { ids: SOL })).status, 200)
    const query = {
      inputMint: USDC,
      outputMint: SOL,
      amount: '1000000',
      taker: taker.publicKey.toBase58(),
      payer: payer.publicKey.toBase58(),
    }
    const built = (await get('/swap/v2/build', query)).body as Build
    assert.equal((await land(sign(built))).err, null, 'the program and its pool came back too')
  })
})
