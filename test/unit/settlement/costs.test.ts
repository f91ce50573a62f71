import assert from 'node:assert/strict'
import { ComputeBudgetProgram, Keypair, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import { costsOf } from '../../../src/settlement/landing/costs.ts'

const [payer, wallet, other] = [Keypair.generate(), Keypair.generate(), Keypair.generate().publicKey]
const bid = ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1_000 })
const pay = (from: Keypair, lamports: number) => SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: other, lamports })
const wireOf = (...instructions: TransactionMessage['instructions']): Uint8Array =>
  new VersionedTransaction(
    new TransactionMessage({ payerKey: payer.publicKey, recentBlockhash: other.toBase58(), instructions }).compileToV0Message(),
  ).serialize()

describe('what a transaction cost, in parts', () => {
  it('takes the base fee per signature, the bid, the tip that comes last, and the rest as rent', () => {
    assert.deepEqual(costsOf(wireOf(bid, pay(wallet, 5), pay(payer, 700)), { fee: 12_000n, rent: 2_039_980n }), {
      fee: '12000',
      priorityFee: '2000',
      tip: '700',
      rent: '2039280',
    })
  })

  it('takes nothing for a tip that the payer did not give, or did not give last', () => {
    for (const wire of [wireOf(bid, pay(wallet, 700)), wireOf(pay(payer, 700), bid)])
      assert.deepEqual([costsOf(wire, { fee: 5_000n, rent: 900n }).tip, costsOf(wire, { fee: 5_000n, rent: 900n }).rent], ['0', '900'])
  })
})
