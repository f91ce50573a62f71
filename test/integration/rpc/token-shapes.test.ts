import assert from 'node:assert/strict'
import { join } from 'node:path'
import {
  createAssociatedTokenAccountIdempotentInstruction,
  createCloseAccountInstruction,
  createInitializeMintInstruction,
  createInitializeTransferFeeConfigInstruction,
  createMintToInstruction,
  createSyncNativeInstruction,
  createTransferCheckedInstruction,
  ExtensionType,
  getAssociatedTokenAddressSync,
  getMintLen,
  NATIVE_MINT,
  TOKEN_2022_PROGRAM_ID,
} from '@solana/spl-token'
import { Keypair, type PublicKey, SystemProgram, type TransactionInstruction } from '@solana/web3.js'
import { createRegistry } from '../../../src/platform/metrics.ts'
import type { Chain, ChainTransaction } from '../../../src/rpc/chain.ts'
import { createChain } from '../../../src/rpc/pool.ts'
import { solana } from '../../support/services.ts'
import { openStranger, type Stranger } from '../settlement/stranger.ts'

describe('what transactions of the local chain say they did', function () {
  this.timeout(60_000)
  let chain: Chain
  let stranger: Stranger
  before(async () => {
    const { urls, db } = await solana()
    chain = createChain({ urls, registry: createRegistry('test') })
    stranger = openStranger(join(db, 'faucet.json'), urls[0]!)
  })
  after(() => chain.close())

  const executed = async (signature: string): Promise<ChainTransaction> => {
    for (let i = 0; i < 100; i++) {
      const answer = await chain.transaction(signature)
      if (answer.ok && answer.value) return answer.value
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`${signature} is not to be had`)
  }
  const done = async (...instructions: TransactionInstruction[]) => executed(await stranger.send(...instructions))
  const amounts = ({ deltas }: ChainTransaction) => deltas.map(({ owner, amount }) => [owner, amount])
  const open = (owner: PublicKey, mint: PublicKey, program?: PublicKey) =>
    createAssociatedTokenAccountIdempotentInstruction(
      stranger.key.publicKey,
      getAssociatedTokenAddressSync(mint, owner, true, program),
      owner,
      mint,
      program,
    )

  it('a Token-2022 transfer fee is withheld on the way: what arrived is told, and the rest is nobody’s yet', async () => {
    const { key, connection } = stranger
    const mint = Keypair.generate()
    const receiver = Keypair.generate().publicKey
    const size = getMintLen([ExtensionType.TransferFeeConfig])
    const rent = await connection.getMinimumBalanceForRentExemption(size)
    const [from, to] = [key.publicKey, receiver].map((owner) =>
      getAssociatedTokenAddressSync(mint.publicKey, owner, true, TOKEN_2022_PROGRAM_ID),
    )
    await stranger.sendAs(
      [mint],
      SystemProgram.createAccount({
        ...{ fromPubkey: key.publicKey, newAccountPubkey: mint.publicKey, space: size, lamports: rent, programId: TOKEN_2022_PROGRAM_ID },
      }),
      // One percent, at most 5,000 units.
      createInitializeTransferFeeConfigInstruction(mint.publicKey, key.publicKey, key.publicKey, 100, 5_000n, TOKEN_2022_PROGRAM_ID),
      createInitializeMintInstruction(mint.publicKey, 6, key.publicKey, null, TOKEN_2022_PROGRAM_ID),
      open(key.publicKey, mint.publicKey, TOKEN_2022_PROGRAM_ID),
      open(receiver, mint.publicKey, TOKEN_2022_PROGRAM_ID),
    )
    const minted = await done(createMintToInstruction(mint.publicKey, from!, key.publicKey, 10_000_000n, [], TOKEN_2022_PROGRAM_ID))
    assert.deepEqual(amounts(minted), [[key.publicKey.toBase58(), '10000000']])
    const transfer = (units: bigint) =>
      createTransferCheckedInstruction(from!, mint.publicKey, to!, key.publicKey, units, 6, [], TOKEN_2022_PROGRAM_ID)
    for (const [units, arrives] of [
      [100_000n, 99_000n],
      [2_000_000n, 1_995_000n],
    ] as const) {
      const moved = new Map((await done(transfer(units))).deltas.map(({ owner, amount }) => [owner, BigInt(amount)]))
      assert.equal(moved.get(key.publicKey.toBase58()), -units)
      assert.equal(moved.get(receiver.toBase58()), arrives)
    }
  })

  it('wrapped SOL is a token, native SOL is not, and an account that is made costs its payer rent', async () => {
    const owner = Keypair.generate().publicKey
    const account = getAssociatedTokenAddressSync(NATIVE_MINT, owner, true)
    const send = (to: PublicKey, lamports: number) => SystemProgram.transfer({ fromPubkey: stranger.key.publicKey, toPubkey: to, lamports })
    const wrapped = await done(open(owner, NATIVE_MINT), send(account, 3_000_000), createSyncNativeInstruction(account))
    assert.deepEqual(amounts(wrapped), [[owner.toBase58(), '3000000']])
    // The payer's lamports are gone as rent and as what was wrapped: both are told by its balance.
    assert.equal(wrapped.rent, 3_000_000n + 2_039_280n)
    assert.equal(wrapped.feePayer, stranger.key.publicKey.toBase58())
    const native = await done(send(owner, 5_000_000))
    assert.deepEqual(native.deltas, [])
    assert.deepEqual(
      native.lamports.filter(({ address }) => address === owner.toBase58()),
      [{ address: owner.toBase58(), amount: 5_000_000n }],
    )
    // Lamports in the token account that nobody has synced are no tokens yet.
    assert.deepEqual((await done(send(account, 700))).deltas, [])
    assert.deepEqual(amounts(await done(createSyncNativeInstruction(account))), [[owner.toBase58(), '700']])
  })

  it('a closed account is emptied, and made anew it starts from nothing', async () => {
    const owner = Keypair.generate()
    const account = getAssociatedTokenAddressSync(NATIVE_MINT, owner.publicKey)
    const fill = [
      open(owner.publicKey, NATIVE_MINT),
      SystemProgram.transfer({ fromPubkey: stranger.key.publicKey, toPubkey: account, lamports: 9_000_000 }),
      createSyncNativeInstruction(account),
    ]
    await done(...fill)
    const close = createCloseAccountInstruction(account, owner.publicKey, owner.publicKey)
    const closed = await executed(await stranger.sendAs([owner], close))
    assert.deepEqual(amounts(closed), [[owner.publicKey.toBase58(), '-9000000']])
    assert.deepEqual(
      closed.lamports.filter(({ address }) => address === owner.publicKey.toBase58()).map(({ amount }) => amount),
      [9_000_000n + 2_039_280n],
    )
    assert.deepEqual(amounts(await done(...fill)), [[owner.publicKey.toBase58(), '9000000']])
    // Opened and closed within one transaction: it never was.
    const other = Keypair.generate()
    const brief = getAssociatedTokenAddressSync(NATIVE_MINT, other.publicKey)
    const both = await executed(
      await stranger.sendAs(
        [other],
        open(other.publicKey, NATIVE_MINT),
        createCloseAccountInstruction(brief, other.publicKey, other.publicKey),
      ),
    )
    assert.deepEqual(both.deltas, [])
  })
})
