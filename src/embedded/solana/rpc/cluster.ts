import { VersionedMessage } from '@solana/web3.js'
import { PRICE_SLOTS, type PricePaid } from '../history.ts'
import { feeOf } from '../message.ts'
import { BLOCKHASH_AGE, heightOf } from '../slots.ts'
import { SLOTS_PER_EPOCH } from '../svm.ts'
import { type Methods, NODE_UNHEALTHY, RpcError } from './json-rpc.ts'
import { address, config, encodedBytes, integer, invalid, list } from './params.ts'
import { API_VERSION, type View } from './view.ts'

/** Methods about the chain as a whole: slots, heights, blockhashes, fees. */
export const clusterMethods = (view: View): Methods => {
  const { ledger } = view
  return {
    getHealth: () => {
      if (view.faults.unhealthy) throw new RpcError(NODE_UNHEALTHY, 'Node is unhealthy', { numSlotsBehind: view.faults.lagSlots })
      return 'ok'
    },
    getVersion: () => ({ 'solana-core': `${API_VERSION}-litesvm`, 'feature-set': 0 }),
    getGenesisHash: () => ledger.genesis.genesisHash,
    getIdentity: () => ({ identity: ledger.genesis.faucet }),
    getSlot: ([options]) => view.slot(view.commitment(config(options))),
    getBlockHeight: ([options]) => heightOf(view.slot(view.commitment(config(options)))),
    getTransactionCount: () => ledger.history.count(),
    getEpochInfo: ([options]) => {
      const slot = view.slot(view.commitment(config(options)))
      return {
        absoluteSlot: slot,
        blockHeight: heightOf(slot),
        epoch: Math.floor(slot / SLOTS_PER_EPOCH),
        slotIndex: slot % SLOTS_PER_EPOCH,
        slotsInEpoch: SLOTS_PER_EPOCH,
        transactionCount: ledger.history.count(),
      }
    },
    getLatestBlockhash: ([options]) => {
      const at = view.commitment(config(options))
      const slot = view.slot(at)
      return view.answer(at, { blockhash: ledger.blockhashes.of(slot), lastValidBlockHeight: heightOf(slot) + BLOCKHASH_AGE })
    },
    isBlockhashValid: ([hash, options]) => {
      const at = view.commitment(config(options))
      return view.answer(at, typeof hash === 'string' && ledger.blockhashes.usable(hash, view.slot(at)) !== undefined)
    },
    getFeeForMessage: ([encoded, options]) => {
      const at = view.commitment(config(options))
      const message = readMessage(encoded)
      return view.answer(
        at,
        ledger.blockhashes.usable(message.recentBlockhash, view.slot('processed')) === undefined ? null : feeOf(message),
      )
    },
    getMinimumBalanceForRentExemption: ([size]) => Number(ledger.svm.rentExempt(integer(size, 'a data size'))),
    getRecentPrioritizationFees: ([accounts]) => {
      const wanted = accounts === undefined ? [] : list(accounts, 128).map(address)
      const newest = view.slot('processed')
      const paid = ledger.history.prices(newest - PRICE_SLOTS)
      return Array.from({ length: Math.min(PRICE_SLOTS, heightOf(newest)) }, (_, i) => {
        const slot = newest - i
        // As on a real node: the least paid in the block, raised to the least paid for each asked account.
        const floors = [() => true, ...wanted.map((key) => (p: PricePaid) => p.writable.has(key))].map((concerns) =>
          least((paid.get(slot) ?? []).filter(concerns)),
        )
        return { slot, prioritizationFee: Math.max(...floors) }
      }).reverse()
    },
  }
}

const least = (paid: readonly PricePaid[]): number => (paid.length === 0 ? 0 : Math.min(...paid.map((p) => Number(p.microLamports))))

const readMessage = (encoded: unknown): VersionedMessage => {
  try {
    return VersionedMessage.deserialize(encodedBytes(encoded, 'base64'))
  } catch {
    throw invalid('not a message')
  }
}
