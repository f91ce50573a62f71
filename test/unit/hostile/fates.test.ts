import assert from 'node:assert/strict'
import { Keypair, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import { createFates } from '../../../src/embedded/hostile/fates.ts'
import type { Fates } from '../../../src/embedded/hostile/profile.ts'
import type { Upstream } from '../../../src/embedded/hostile/upstream.ts'
import { createLog } from '../../../src/platform/log.ts'

const LIFE = 150
const FINALITY = 31
const HASH = { slot: 1_000, blockhash: Keypair.generate().publicKey.toBase58(), lastValidBlockHeight: 1_000 + LIFE }

const wire = (): string => {
  const payer = Keypair.generate()
  const instructions = [SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: payer.publicKey, lamports: 1 })]
  const message = new TransactionMessage({ payerKey: payer.publicKey, recentBlockhash: HASH.blockhash, instructions })
  const transaction = new VersionedTransaction(message.compileToV0Message())
  transaction.sign([payer])
  return Buffer.from(transaction.serialize()).toString('base64')
}

/** A book of fates over a chain whose slot the test sets. */
const open = (fates: Fates) => {
  const at = { slot: HASH.slot }
  const listeners: (() => void)[] = []
  const upstream: Upstream = {
    url: '',
    ask: async () => ({ jsonrpc: '2.0', id: 0, result: null }),
    slot: () => at.slot,
    finalityDepth: () => FINALITY,
    blockhashAt: () => HASH,
    known: () => HASH,
    learn: () => undefined,
    onSlot: (listener) => void listeners.push(listener),
    close: async () => undefined,
  }
  const tally = { count: () => undefined } as unknown as Parameters<typeof createFates>[3]
  return { at, book: createFates(upstream, () => 0.5, fates, tally, createLog('test', 'silent')) }
}

describe('fates of the hostile front', () => {
  it('never say of a landed transaction that it is absent once its blockhash is provably over, however late it was first sent', () => {
    for (let age = 0; age <= LIFE; age++) {
      const { at, book } = open({ rollback: 1 })
      at.slot = HASH.slot + age
      const sent = book.send(wire(), 'base64')
      assert.equal(sent?.forward, true)
      at.slot = HASH.slot + LIFE + FINALITY
      const sight = book.sight(sent.signature)
      assert.notEqual(sight.kind, 'absent', `sent ${age} slots after its blockhash`)
      if (sight.kind === 'landed')
        assert.ok(sight.slot <= HASH.slot + LIFE, `it came back in slot ${sight.slot}, where no block could have it`)
    }
  })

  it('take a landing back for a while, and bring it back, where its blockhash lives long enough', () => {
    const { at, book } = open({ rollback: 1 })
    const sent = book.send(wire(), 'base64')
    const seen = (slot: number) => {
      at.slot = slot
      return book.sight(sent!.signature).kind
    }
    assert.deepEqual([1_010, 1_000 + FINALITY + 1, 1_100].map(seen), ['truth', 'absent', 'landed'])
  })
})
