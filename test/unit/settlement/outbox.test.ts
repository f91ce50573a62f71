import assert from 'node:assert/strict'
import { Keypair, PublicKey, TransactionInstruction, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import type { Lane } from '../../../src/settlement/landing/lane.ts'
import { createOutbox } from '../../../src/settlement/landing/outbox.ts'

const payer = Keypair.generate().publicKey
const [x, y, pool] = Array.from({ length: 3 }, () => Keypair.generate().publicKey) as [PublicKey, PublicKey, PublicKey]

/** A transaction that writes these accounts, paid by the platform. */
const writing = (...keys: readonly PublicKey[]): Uint8Array => {
  const instruction = new TransactionInstruction({
    programId: PublicKey.default,
    keys: keys.map((pubkey) => ({ pubkey, isSigner: false, isWritable: true })),
  })
  const message = new TransactionMessage({ payerKey: payer, recentBlockhash: PublicKey.default.toBase58(), instructions: [instruction] })
  return new VersionedTransaction(message.compileToV0Message()).serialize()
}

describe('outbox', () => {
  const open = (atOnce: number) => {
    const outbox = createOutbox(atOnce)
    const started: string[] = []
    const finish = new Map<string, () => void>()
    const push = (signature: string, accountId: string, lane: Lane, wire: Uint8Array) =>
      outbox.push({
        ...{ signature, accountId, lane, wire },
        send: () => {
          started.push(signature)
          return new Promise((resolve) => finish.set(signature, resolve))
        },
      })
    const done = async (signature: string) => {
      finish.get(signature)?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    return { outbox, started, push, done }
  }

  it('sends cancels before closes before opens when not all can go at once', async () => {
    const { started, push, done, outbox } = open(1)
    push('first', 'a', 'open', writing(x))
    push('o', 'b', 'open', writing(x))
    push('c', 'c', 'close', writing(x))
    push('k', 'd', 'cancel', writing(x))
    assert.deepEqual(outbox.size(), { cancel: 1, close: 1, open: 1 })
    for (const signature of ['first', 'k', 'c', 'o']) await done(signature)
    assert.deepEqual(started, ['first', 'k', 'c', 'o'])
  })

  it('sends many at once, also of one account, where nothing but the payer is written by both', () => {
    const { started, push } = open(8)
    push('1', 'a', 'open', writing(x))
    push('2', 'a', 'open', writing(y))
    push('3', 'b', 'open', writing(x, pool))
    assert.deepEqual(started, ['1', '2', '3'])
  })

  it('keeps the order of one account’s transactions that write the same accounts, whatever their lanes', async () => {
    const { started, push, done } = open(8)
    push('1', 'a', 'open', writing(x, pool))
    push('2', 'a', 'cancel', writing(x, pool))
    push('3', 'a', 'close', writing(y))
    assert.deepEqual(started, ['1', '3'])
    await done('1')
    assert.deepEqual(started, ['1', '3', '2'])
  })

  it('drops what need not be sent any more, and takes nothing twice', async () => {
    const { started, push, done, outbox } = open(1)
    push('1', 'a', 'open', writing(x))
    push('2', 'b', 'open', writing(x))
    push('2', 'b', 'open', writing(x))
    outbox.drop('2')
    await done('1')
    assert.deepEqual(started, ['1'])
  })
})
