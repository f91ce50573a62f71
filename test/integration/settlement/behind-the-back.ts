import { createTransferCheckedInstruction } from '@solana/spl-token'
import { PublicKey, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import type { AccountEvent, DataOf } from '../../../src/events/account/account-event.ts'
import { decodeEvent } from '../../../src/events/decode.ts'
import { accountScope, controlStream } from '../../../src/events/scope.ts'
import { tokenAccountOf } from '../../../src/rpc/account-reads.ts'
import type { SettlementDeps } from '../../../src/settlement/deps.ts'
import { type Stand, until } from './stand.ts'
import type { Stranger } from './stranger.ts'

/** Looks for what the chain did unasked many times a second. */
export const often = (deps: SettlementDeps): SettlementDeps => ({ ...deps, reconcileMs: 50, arrivalsMs: 50 })

/** The account's events of a type. */
export const of = async <T extends AccountEvent['type']>(stand: Stand, accountId: string, type: T): Promise<DataOf<T>[]> =>
  (await stand.events(accountId)).flatMap((event) => (event.type === type ? [event.data as DataOf<T>] : []))

export const controlsOf = (stand: Stand, accountId: string) => decodedOf(stand, controlStream(accountScope(accountId)))

export const decodedOf = async (stand: Stand, stream: string) => {
  const all = []
  for await (const recorded of stand.store.readStream(stream)) all.push(decodeEvent(recorded))
  return all
}

/** Somebody who has the wallet's key moves USDC to an address of his own, which has been given some before. */
export const moveOut = async (stand: Stand, stranger: Stranger, accountId: string, amount: bigint): Promise<void> => {
  const { mint, decimals } = stand.instruments.byAsset('USDC')!
  const { signer } = stand.deps().keystore.wallet(accountId)
  const theirs = stranger.key.publicKey
  const from = tokenAccountOf({ owner: signer.publicKey, mint })
  const to = tokenAccountOf({ owner: theirs.toBase58(), mint })
  const instruction = createTransferCheckedInstruction(from, new PublicKey(mint), to, new PublicKey(signer.publicKey), amount, decimals)
  const { blockhash } = await stranger.connection.getLatestBlockhash()
  const message = new TransactionMessage({ payerKey: theirs, recentBlockhash: blockhash, instructions: [instruction] }).compileToV0Message()
  const transaction = new VersionedTransaction(message)
  transaction.sign([stranger.key])
  transaction.addSignature(new PublicKey(signer.publicKey), await signer.sign(message.serialize()))
  const signature = await stranger.connection.sendTransaction(transaction, { skipPreflight: true })
  await until(async () => (await stranger.connection.getSignatureStatus(signature)).value?.err === null)
}

/** Endpoints that hide what has landed and tell of heights that are not there, all of them, while they lie. */
export const createLies = () => {
  let lying = false
  return {
    tell: (lies: boolean) => {
      lying = lies
    },
    through: (deps: SettlementDeps): SettlementDeps => {
      const { chain } = deps
      return {
        ...deps,
        chain: {
          ...chain,
          statuses: async (signatures, options) => {
            const answer = await chain.statuses(signatures, options)
            return answer.ok && lying ? { ok: true, value: { ...answer.value, states: answer.value.states.map(() => null) } } : answer
          },
          statusAt: async (endpoint, signature) => {
            const answer = await chain.statusAt(endpoint, signature)
            return answer.ok && lying ? { ok: true, value: { ...answer.value, slot: Number.MAX_SAFE_INTEGER, state: null } } : answer
          },
          blockhashValidAt: async (endpoint, blockhash) =>
            lying ? { ok: true, value: false } : chain.blockhashValidAt(endpoint, blockhash),
          finalizedHeights: async () => {
            const heights = await chain.finalizedHeights()
            return lying ? heights.map((each) => ({ ...each, height: each.height + 10_000 })) : heights
          },
        },
      }
    },
  }
}
