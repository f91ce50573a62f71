import assert from 'node:assert/strict'
import { Keypair, NONCE_ACCOUNT_LENGTH, SystemProgram, type TransactionInstruction } from '@solana/web3.js'
import { readNonceAccount } from '../../../src/rpc/nonce-account.ts'
import { livesByNonce, nonceImage, nonceOfBlock } from '../../../src/simulation/chain/durable-nonce.ts'
import { execute } from '../../../src/simulation/chain/execute.ts'
import type { ParsedTransaction } from '../../../src/simulation/chain/parse-transaction.ts'
import { createTokenState } from '../../../src/simulation/chain/token-state.ts'

const [payer, other] = [Keypair.generate().publicKey, Keypair.generate().publicKey]
const account = Keypair.generate().publicKey
const of = (blockhash: string, ...instructions: readonly TransactionInstruction[]): ParsedTransaction => ({
  signature: 's',
  blockhash,
  payer: payer.toBase58(),
  signers: 1,
  steps: instructions.map(({ programId, keys, data }) => ({
    program: programId.toBase58(),
    accounts: keys.map(({ pubkey }) => pubkey.toBase58()),
    data,
  })),
})
const making = of(
  'hash',
  SystemProgram.createAccountWithSeed({
    fromPubkey: payer,
    basePubkey: payer,
    newAccountPubkey: account,
    seed: 's',
    lamports: 1_447_680,
    space: NONCE_ACCOUNT_LENGTH,
    programId: SystemProgram.programId,
  }),
  SystemProgram.nonceInitialize({ noncePubkey: account, authorizedPubkey: payer }),
)
const advance = (authority = payer) => SystemProgram.nonceAdvance({ noncePubkey: account, authorizedPubkey: authority })

const chain = () => {
  const state = createTokenState(new Map())
  const value = () => readNonceAccount(nonceImage(state.nonce(account.toBase58())))
  const at = (height: number) => ({ height, nonce: nonceOfBlock(1, 0, height) })
  return { state, value, at, run: (transaction: ParsedTransaction, height: number) => execute(state, transaction, [], at(height)) }
}

describe('a nonce account of the simulated chain', () => {
  it('is made once, at its rent, and shows as the product reads it', () => {
    const { value, at, run } = chain()
    assert.equal(value(), undefined)
    const { error, rent } = run(making, 5)
    assert.deepEqual([error, rent], [null, 1_447_680n])
    assert.deepEqual(value(), { value: at(5).nonce, authority: payer.toBase58() })
    assert.equal(run(making, 6).error, 'custom:0')
  })
  it('keeps a transaction that advances it first alive until it is used up, in a later block, and by its authority', () => {
    const { state, at, run, value } = chain()
    run(making, 5)
    const durable = of(at(5).nonce, advance())
    assert.deepEqual([livesByNonce(state, durable, 5), livesByNonce(state, durable, 6)], [false, true])
    assert.equal(livesByNonce(state, of(at(4).nonce, advance()), 6), false, 'another value')
    assert.notEqual(run(of('hash', advance(other)), 6).error, null)
    assert.equal(run(durable, 6).error, null)
    assert.deepEqual([value()?.value, livesByNonce(state, durable, 7)], [at(6).nonce, false])
  })
  it('is used up by what fails, but not by what merely advances it and fails', () => {
    const { at, run, value } = chain()
    run(making, 5)
    assert.notEqual(run(of('hash', advance(), advance()), 6).error, null)
    assert.equal(value()?.value, at(5).nonce)
    assert.notEqual(run(of(at(5).nonce, advance(), advance()), 6).error, null)
    assert.equal(value()?.value, at(6).nonce)
  })
  it('has its old value back when a fork takes the block back, and the value of any height before', () => {
    const { state, at, run, value } = chain()
    run(making, 5)
    const mark = state.mark()
    run(of('hash', advance()), 6)
    assert.deepEqual([state.nonce(account.toBase58(), 5)?.value, state.nonce(account.toBase58(), 4)], [at(5).nonce, undefined])
    state.undoTo(mark)
    assert.equal(value()?.value, at(5).nonce)
    assert.notEqual(nonceOfBlock(1, 0, 6), nonceOfBlock(1, 1, 6))
  })
})
