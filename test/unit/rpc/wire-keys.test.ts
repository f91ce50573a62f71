import assert from 'node:assert/strict'
import { Keypair, PublicKey, TransactionInstruction, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import fc from 'fast-check'
import { wireKeys } from '../../../src/rpc/wire-keys.ts'

const keys = Array.from({ length: 200 }, () => Keypair.generate().publicKey)

describe('keys of a wire transaction', () => {
  it('are those that the whole decoding gives, legacy and versioned', () => {
    const meta = fc.record({ key: fc.integer({ min: 0, max: 199 }), isSigner: fc.boolean(), isWritable: fc.boolean() })
    fc.assert(
      fc.property(fc.array(meta, { maxLength: 150 }), fc.boolean(), (metas, legacy) => {
        const accounts = metas.map(({ key, isSigner, isWritable }) => ({ pubkey: keys[key]!, isSigner, isWritable }))
        const instruction = new TransactionInstruction({ programId: PublicKey.default, keys: accounts })
        const draft = new TransactionMessage({
          payerKey: Keypair.generate().publicKey,
          recentBlockhash: PublicKey.default.toBase58(),
          instructions: [instruction],
        })
        const message = legacy ? draft.compileToLegacyMessage() : draft.compileToV0Message()
        const read = wireKeys(Buffer.concat(parts(new VersionedTransaction(message))))
        const expected = message.staticAccountKeys
        assert.equal(read.count, expected.length)
        assert.equal(read.at(expected.length), undefined)
        for (const [i, key] of expected.entries()) {
          assert.deepEqual(new PublicKey(read.at(i)!), key)
          assert.equal(read.isWritable(i), message.isAccountWritable(i), `account ${i}`)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('are refused from bytes that end before them', () => {
    assert.throws(() => wireKeys(new Uint8Array([1, 2, 3])), /not those of a transaction/)
    assert.throws(() => wireKeys(new Uint8Array(0)), /not those of a transaction/)
  })
})

/** As serialize() writes it, but of any size. */
const parts = ({ signatures, message }: VersionedTransaction): Uint8Array[] => {
  const count = signatures.length < 128 ? [signatures.length] : [(signatures.length & 0x7f) | 0x80, signatures.length >> 7]
  return [Uint8Array.from(count), ...signatures, serialized(message)]
}

const serialized = (message: VersionedTransaction['message']): Uint8Array => {
  const { numRequiredSignatures, numReadonlySignedAccounts, numReadonlyUnsignedAccounts } = message.header
  const { length } = message.staticAccountKeys
  const count = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7]
  const version = message.version === 0 ? [0x80] : []
  return Buffer.concat([
    Uint8Array.from([...version, numRequiredSignatures, numReadonlySignedAccounts, numReadonlyUnsignedAccounts, ...count]),
    ...message.staticAccountKeys.map((key) => key.toBytes()),
    new Uint8Array(40),
  ])
}
