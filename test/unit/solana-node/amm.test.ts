import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { ACCOUNT_SIZE, AccountLayout, TOKEN_PROGRAM_ID } from '@solana/spl-token'
import { Keypair, PublicKey, SystemProgram, TransactionInstruction, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import fc from 'fast-check'
import {
  AMM_PROGRAM_ID,
  ammBinaryPath,
  decodePool,
  initPool,
  poolAddress,
  quoteExactIn,
  quoteExactOut,
  type SwapAccounts,
  swapExactIn,
  swapExactOut,
} from '../../../src/embedded/solana/amm.ts'
import { createSvm, type Svm } from '../../../src/embedded/solana/svm.ts'

const LOADER = new PublicKey('BPFLoader2111111111111111111111111111111111').toBytes()
const SYSTEM = SystemProgram.programId.toBytes()
const U64_MAX = (1n << 64n) - 1n
const FEE_BPS = 25

describe('the AMM program in the VM', () => {
  let svm: Svm
  const payer = Keypair.generate()
  const user = Keypair.generate()
  const key = () => Keypair.generate().publicKey
  const [mintA, mintB, vaultA, vaultB, userA, userB] = [key(), key(), key(), key(), key(), key()]
  const { address: pool } = poolAddress(mintA, mintB)

  const setToken = (address: PublicKey, mint: PublicKey, owner: PublicKey, amount: bigint, closeAuthority?: PublicKey) => {
    const data = Buffer.alloc(ACCOUNT_SIZE)
    AccountLayout.encode(
      {
        mint,
        owner,
        amount,
        delegateOption: 0,
        delegate: PublicKey.default,
        state: 1,
        isNativeOption: 0,
        isNative: 0n,
        delegatedAmount: 0n,
        closeAuthorityOption: closeAuthority ? 1 : 0,
        closeAuthority: closeAuthority ?? PublicKey.default,
      },
      data,
    )
    svm.setAccount(address.toBytes(), { lamports: 10_000_000n, data, owner: TOKEN_PROGRAM_ID.toBytes(), executable: false })
  }
  const amount = (address: PublicKey) => Buffer.from(svm.account(address.toBytes())?.data ?? []).readBigUInt64LE(64)
  const run = (...instructions: TransactionInstruction[]) => {
    const message = new TransactionMessage({ payerKey: payer.publicKey, recentBlockhash: PublicKey.default.toBase58(), instructions })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    const signers = [payer, user].filter((s) =>
      transaction.message.staticAccountKeys.slice(0, transaction.message.header.numRequiredSignatures).some((k) => k.equals(s.publicKey)),
    )
    transaction.sign(signers)
    return svm.execute(transaction.serialize())
  }
  const open = (feeBps = FEE_BPS) =>
    run(
      SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: pool, lamports: svm.rentExempt(144) }),
      initPool({ mintA, mintB, vaultA, vaultB, feeBps }),
    )
  const aToB: SwapAccounts = { pool, user: user.publicKey, userIn: userA, userOut: userB, vaultIn: vaultA, vaultOut: vaultB }
  const fill = (reserveA: bigint, reserveB: bigint, held: bigint) => {
    setToken(vaultA, mintA, pool, reserveA)
    setToken(vaultB, mintB, pool, reserveB)
    setToken(userA, mintA, user.publicKey, held)
    setToken(userB, mintB, user.publicKey, 0n)
  }
  const custom = (code: number) => ({ InstructionError: [0, { Custom: code }] })
  const reserve = fc.bigInt({ min: 1n, max: U64_MAX >> 1n })
  const small = fc.bigInt({ min: 1n, max: 1_000_000n })

  beforeEach(() => {
    svm = createSvm()
    svm.setAccount(payer.publicKey.toBytes(), { lamports: 10n ** 15n, data: new Uint8Array(), owner: SYSTEM, executable: false })
    svm.setAccount(AMM_PROGRAM_ID.toBytes(), { lamports: 10n ** 9n, data: readFileSync(ammBinaryPath()), owner: LOADER, executable: true })
    fill(1_000_000_000n, 150_000_000n, 10n ** 12n)
  })

  it('opens a pool once, over vaults that only it can move', () => {
    assert.equal(open(10_000).error !== null, true, 'a fee of the whole amount')
    setToken(vaultA, mintA, user.publicKey, 1n)
    assert.deepEqual(open().error, { InstructionError: [1, { Custom: 6002 }] })
    setToken(vaultA, mintA, pool, 1n, user.publicKey)
    assert.deepEqual(open().error, { InstructionError: [1, { Custom: 6002 }] })
    setToken(vaultA, mintB, pool, 1n)
    assert.deepEqual(open().error, { InstructionError: [1, { Custom: 6002 }] })
    setToken(vaultA, mintA, pool, 1n)
    assert.equal(open().error, null)
    assert.deepEqual(decodePool(svm.account(pool.toBytes())?.data ?? new Uint8Array()), { mintA, mintB, vaultA, vaultB, feeBps: FEE_BPS })
    assert.deepEqual(open().error, { InstructionError: [1, 'AccountAlreadyInitialized'] })
  })

  it('leaves the arithmetic of Node intact: 5.5 % 2 after a program ran', () => {
    open()
    run(swapExactIn(aToB, 1_000n, 0n))
    assert.equal(5.5 % 2, 1.5)
    assert.equal(Number.isNaN(Math.sin(1) % 0.3), false)
  })

  it('gives for an exact input what the reference says, and refuses where it has no answer', () => {
    open()
    fc.assert(
      fc.property(fc.oneof(reserve, small), fc.oneof(reserve, small), fc.oneof(reserve, small), (reserveA, reserveB, amountIn) => {
        fill(reserveA, reserveB, amountIn)
        const expected = quoteExactIn(amountIn, reserveA, reserveB, FEE_BPS)
        const { error, returnData } = run(swapExactIn(aToB, amountIn, expected ?? 0n))
        if (expected === undefined) return assert.deepEqual(error, custom(6003))
        assert.equal(error, null)
        assert.equal(amount(userB), expected)
        assert.equal(amount(userA), 0n)
        assert.equal(Buffer.from(returnData?.data ?? []).readBigUInt64LE(8), expected)
        assert.ok(amount(vaultA) * amount(vaultB) >= reserveA * reserveB, 'the product never falls')
      }),
      { numRuns: 300 },
    )
  })

  it('takes for an exact output what the reference says, and never less than the reverse would give', () => {
    open()
    fc.assert(
      fc.property(fc.oneof(reserve, small), fc.oneof(reserve, small), fc.oneof(reserve, small), (reserveA, reserveB, amountOut) => {
        fill(reserveA, reserveB, U64_MAX - reserveA)
        const expected = quoteExactOut(amountOut, reserveA, reserveB, FEE_BPS)
        const { error } = run(swapExactOut(aToB, amountOut, expected ?? U64_MAX))
        if (expected === undefined) return assert.deepEqual(error, custom(6003))
        assert.equal(error, null)
        assert.equal(amount(userB), amountOut)
        assert.equal(amount(vaultA) - reserveA, expected)
        assert.ok(amount(vaultA) * amount(vaultB) >= reserveA * reserveB)
        assert.ok((quoteExactIn(expected, reserveA, reserveB, FEE_BPS) ?? 0n) >= amountOut)
      }),
      { numRuns: 300 },
    )
  })

  it('answers 6001 one unit beyond the limit, on both sides and in both directions', () => {
    open()
    const out = quoteExactIn(1_000_000n, 1_000_000_000n, 150_000_000n, FEE_BPS) as bigint
    assert.deepEqual(run(swapExactIn(aToB, 1_000_000n, out + 1n)).error, custom(6001))
    const cost = quoteExactOut(100_000n, 1_000_000_000n, 150_000_000n, FEE_BPS) as bigint
    assert.deepEqual(run(swapExactOut(aToB, 100_000n, cost - 1n)).error, custom(6001))
    assert.equal(amount(userA), 10n ** 12n, 'nothing moved')
    assert.equal(run(swapExactIn(aToB, 1_000_000n, out)).error, null)
    const back: SwapAccounts = { ...aToB, userIn: userB, userOut: userA, vaultIn: vaultB, vaultOut: vaultA }
    assert.equal(run(swapExactIn(back, out, 1n)).error, null)
    assert.ok(amount(userA) < 10n ** 12n, 'a round trip costs the fee twice')
  })

  it('refuses foreign vaults, one account in two roles, a missing signature, a foreign token program and broken data', () => {
    open()
    const foreign = key()
    setToken(foreign, mintB, user.publicKey, 10n ** 9n)
    assert.deepEqual(run(swapExactIn({ ...aToB, vaultOut: foreign }, 1_000n, 0n)).error, custom(6002))
    assert.deepEqual(run(swapExactIn({ ...aToB, userOut: vaultB }, 1_000n, 0n)).error, { InstructionError: [0, 'InvalidArgument'] })
    assert.deepEqual(run(swapExactIn({ ...aToB, vaultIn: vaultB, vaultOut: vaultB }, 1_000n, 0n)).error, {
      InstructionError: [0, 'InvalidArgument'],
    })
    const good = swapExactIn(aToB, 1_000n, 0n)
    const altered = (change: Partial<TransactionInstruction>) =>
      new TransactionInstruction({ programId: AMM_PROGRAM_ID, keys: good.keys, data: good.data, ...change })
    assert.deepEqual(run(altered({ keys: good.keys.map((k, i) => (i === 1 ? { ...k, isSigner: false } : k)) })).error, {
      InstructionError: [0, 'MissingRequiredSignature'],
    })
    assert.deepEqual(
      run(altered({ keys: good.keys.map((k, i) => (i === 6 ? { ...k, pubkey: SystemProgram.programId } : k)) })).error,
      custom(6005),
    )
    assert.deepEqual(run(altered({ keys: good.keys.slice(0, 6) })).error, { InstructionError: [0, 'NotEnoughAccountKeys'] })
    assert.deepEqual(run(altered({ data: good.data.subarray(0, 16) })).error, { InstructionError: [0, 'InvalidInstructionData'] })
    assert.deepEqual(run(altered({ data: Buffer.from([9, ...good.data.subarray(1)]) })).error, {
      InstructionError: [0, 'InvalidInstructionData'],
    })
    const fake = key()
    svm.setAccount(fake.toBytes(), {
      lamports: 10n ** 9n,
      data: svm.account(pool.toBytes())?.data ?? new Uint8Array(),
      owner: SYSTEM,
      executable: false,
    })
    assert.deepEqual(run(swapExactIn({ ...aToB, pool: fake }, 1_000n, 0n)).error, { InstructionError: [0, 'InvalidAccountData'] })
  })
})
