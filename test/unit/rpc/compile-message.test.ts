import assert from 'node:assert/strict'
import { AddressLookupTableAccount, Keypair, PACKET_DATA_SIZE, TransactionInstruction, TransactionMessage } from '@solana/web3.js'
import fc from 'fast-check'
import { compileMessage } from '../../../src/rpc/compile-message.ts'
import { messageBytes } from '../../../src/rpc/message-bytes.ts'

const keys = Array.from({ length: 12 }, () => Keypair.generate().publicKey)
const key = fc.integer({ min: 0, max: keys.length - 1 })
const instruction = fc.record({
  program: key,
  accounts: fc.array(fc.record({ key, isSigner: fc.boolean(), isWritable: fc.boolean() }), { maxLength: 8 }),
  data: fc.uint8Array({ maxLength: 20 }),
})

describe('compiling a message', () => {
  it('gives the bytes that web3.js gives', () => {
    fc.assert(
      fc.property(key, key, fc.array(instruction, { maxLength: 5 }), fc.boolean(), (payer, blockhash, drawn, withTable) => {
        const instructions = drawn.map(
          ({ program, accounts, data }) =>
            new TransactionInstruction({
              programId: keys[program]!,
              keys: accounts.map(({ key: n, isSigner, isWritable }) => ({ pubkey: keys[n]!, isSigner, isWritable })),
              data: Buffer.from(data),
            }),
        )
        const parts = { payerKey: keys[payer]!, recentBlockhash: keys[blockhash]!.toBase58(), instructions }
        const lookupTables = withTable ? [table] : []
        const own = messageBytes(compileMessage({ ...parts, lookupTables }))
        assert.deepEqual(own, new TransactionMessage(parts).compileToV0Message(lookupTables).serialize())
      }),
      { numRuns: 300 },
    )
  })

  it('takes what fills a packet to the byte, and no byte more', () => {
    const of = (bytes: number) =>
      compileMessage({
        payerKey: keys[0]!,
        recentBlockhash: keys[1]!.toBase58(),
        instructions: [new TransactionInstruction({ programId: keys[2]!, keys: [], data: Buffer.alloc(bytes) })],
      })
    const most = PACKET_DATA_SIZE - (messageBytes(of(200)).length - 200)
    assert.deepEqual(messageBytes(of(most)), of(most).serialize())
    assert.throws(() => messageBytes(of(most + 1)), RangeError)
    assert.throws(() => of(most + 1).serialize(), RangeError)
  })
})

const table = new AddressLookupTableAccount({
  key: Keypair.generate().publicKey,
  state: {
    deactivationSlot: 2n ** 64n - 1n,
    lastExtendedSlot: 0,
    lastExtendedSlotStartIndex: 0,
    authority: undefined as never,
    addresses: keys.slice(6),
  },
})
