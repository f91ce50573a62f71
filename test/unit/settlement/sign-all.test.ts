import assert from 'node:assert/strict'
import { Keypair, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'
import { createSigner } from '../../../src/settlement/keystore/signer.ts'
import { signAll } from '../../../src/settlement/signing/compose.ts'

describe('signing', () => {
  for (const version of ['legacy', 'v0'] as const)
    it(`writes the bytes that web3.js writes, of a ${version} transaction with two signers`, async () => {
      const [payer, other] = [Keypair.generate(), Keypair.generate()]
      const message = new TransactionMessage({
        payerKey: payer.publicKey,
        recentBlockhash: Keypair.generate().publicKey.toBase58(),
        instructions: [SystemProgram.transfer({ fromPubkey: other.publicKey, toPubkey: payer.publicKey, lamports: 5 })],
      })
      const compiled = version === 'legacy' ? message.compileToLegacyMessage() : message.compileToV0Message()
      const expected = new VersionedTransaction(compiled)
      expected.sign([payer, other])
      const signers = [other, payer].map(({ secretKey, publicKey }) => createSigner(secretKey.subarray(0, 32), publicKey.toBytes()))
      const { signature, wire } = await signAll(new VersionedTransaction(compiled), signers)
      assert.deepEqual(Buffer.from(wire), Buffer.from(expected.serialize()))
      assert.equal(signature, bs58.encode(expected.signatures[0]!))
    })
})
