import assert from 'node:assert/strict'
import {
  type Connection,
  Keypair,
  LAMPORTS_PER_SOL,
  NONCE_ACCOUNT_LENGTH,
  NonceAccount,
  SystemProgram,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js'
import bs58 from 'bs58'
import { type Chain, startChain } from './start-part.ts'

describe('durable nonces on the local chain', function () {
  this.timeout(60_000)
  let chain: Chain
  let payer: Keypair
  const nonce = Keypair.generate()
  const stranger = Keypair.generate()

  before(async () => {
    chain = await startChain(20)
    payer = chain.faucet()
    const { blockhash } = await chain.connection().getLatestBlockhash()
    const create = [
      SystemProgram.createAccount({
        fromPubkey: payer.publicKey,
        newAccountPubkey: nonce.publicKey,
        lamports: LAMPORTS_PER_SOL,
        space: NONCE_ACCOUNT_LENGTH,
        programId: SystemProgram.programId,
      }),
      SystemProgram.nonceInitialize({ noncePubkey: nonce.publicKey, authorizedPubkey: payer.publicKey }),
    ]
    await landed(await send(signed(blockhash, create, [payer, nonce])))
  })
  after(() => chain.stop())

  const signed = (blockhash: string, instructions: TransactionInstruction[], signers: Keypair[] = [payer]) => {
    const message = new TransactionMessage({ payerKey: signers[0]!.publicKey, recentBlockhash: blockhash, instructions })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    transaction.sign(signers)
    return transaction
  }
  const send = (transaction: VersionedTransaction, connection: Connection = chain.connection()) =>
    connection.sendRawTransaction(transaction.serialize(), { skipPreflight: true })
  const status = async (signature: string) => {
    const { value } = await chain.connection().getSignatureStatuses([signature], { searchTransactionHistory: true })
    return value[0]
  }
  const landed = async (signature: string) => {
    for (let i = 0; i < 200; i++) {
      const known = await status(signature)
      if (known) return known
      await sleep(10)
    }
    throw new Error(`${signature} did not land`)
  }
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  const value = async (commitment: 'processed' | 'finalized' = 'processed') => {
    const info = await chain.connection().getAccountInfo(nonce.publicKey, commitment)
    return info && NonceAccount.fromAccountData(info.data).nonce
  }
  const advance = (authority = payer) => SystemProgram.nonceAdvance({ noncePubkey: nonce.publicKey, authorizedPubkey: authority.publicKey })
  const pay = (lamports: number) => SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: stranger.publicKey, lamports })
  const slots = (count: number) => sleep(count * 20 + 20)

  it('lets a transaction land long after any blockhash of its time, once, and moves the nonce on', async () => {
    const before = (await value())!
    const transaction = signed(before, [advance(), pay(LAMPORTS_PER_SOL)])
    // 150 blocks and some: a blockhash would be past.
    await slots(170)
    assert.equal((await landed(await send(transaction))).err, null)
    assert.notEqual(await value(), before)
    await slots(2)
    const again = signed(before, [advance(), pay(LAMPORTS_PER_SOL + 1)])
    await send(again)
    await slots(3)
    assert.equal(await status(bs58.encode(again.signatures[0]!)), null, 'a used nonce let something in')
  })

  it('uses the nonce up when the transaction fails, and takes its fee', async () => {
    await slots(2)
    const before = (await value())!
    const failing = SystemProgram.transfer({
      fromPubkey: stranger.publicKey,
      toPubkey: payer.publicKey,
      lamports: 10 ** 6 * LAMPORTS_PER_SOL,
    })
    const balance = await chain.connection().getBalance(payer.publicKey)
    const { err } = await landed(await send(signed(before, [advance(), failing], [payer, stranger])))
    assert.deepEqual(err, { InstructionError: [1, { Custom: 1 }] })
    assert.notEqual(await value(), before)
    assert.equal(balance - (await chain.connection().getBalance(payer.publicKey)), 10_000)
  })

  it('takes no nonce that the authority has not signed for, none twice in a slot, none that is not advanced first', async () => {
    await slots(2)
    const now = (await value())!
    const refused = [signed(now, [advance(stranger), pay(1)], [payer, stranger]), signed(now, [pay(2), advance()]), signed(now, [pay(3)])]
    for (const transaction of refused) await send(transaction)
    await slots(2)
    for (const { signatures } of refused) assert.equal(await status(bs58.encode(signatures[0]!)), null)
    assert.equal(await value(), now)
    // With a blockhash of its own, a second advance within a slot fails as the system program says.
    const { blockhash } = await chain.connection().getLatestBlockhash()
    // In a slot of its own each is welcome, whichever blockhash the two share.
    for (const lamports of [2, 3]) {
      assert.equal((await landed(await send(signed(blockhash, [advance(), pay(lamports)])))).err, null)
      await slots(2)
    }
    const wires = [4, 5, 6, 7].map((lamports) => signed(blockhash, [advance(), pay(lamports)]))
    const answers = await Promise.all(wires.map((wire) => send(wire)))
    const seen = await Promise.all(answers.map(landed))
    for (const slot of new Set(seen.map((each) => each.slot))) {
      const errors = seen.filter((each) => each.slot === slot).map(({ err }) => JSON.stringify(err))
      assert.equal(errors.filter((err) => err === 'null').length, 1, errors.join())
    }
  })

  it('gives the value at the commitment asked, and after kill -9 no value a second time', async () => {
    await slots(40)
    const old = (await value())!
    assert.equal(await value('finalized'), old)
    await landed(await send(signed(old, [advance(), pay(8)])))
    const fresh = (await value())!
    assert.equal(await value('finalized'), old, 'finalised before its slot was')
    await slots(40)
    assert.equal(await value('finalized'), fresh)

    const unsent = signed(fresh, [advance(), pay(9)])
    await chain.kill()
    await chain.restart()
    assert.equal(await value(), fresh)
    const values = new Set([old, fresh])
    for (let i = 0; i < 5; i++) {
      const { blockhash } = await chain.connection().getLatestBlockhash()
      assert.equal((await landed(await send(signed(blockhash, [advance(), pay(10 + i)])))).err, null)
      values.add((await value())!)
      await slots(2)
    }
    assert.equal(values.size, 7)
    await send(unsent)
    await slots(3)
    assert.equal(await status(bs58.encode(unsent.signatures[0]!)), null, 'a nonce of before the restart came back')
  })
})
