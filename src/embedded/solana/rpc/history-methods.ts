import { SIGNATURE_LENGTH_IN_BYTES, VersionedMessage, VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'
import type { Landed } from '../history.ts'
import { type Commitment, GENESIS_SLOT, heightOf } from '../slots.ts'
import { type Methods, RpcError, VERSION_UNSUPPORTED } from './json-rpc.ts'
import { address, type Config, config, integer, invalid, list, signature } from './params.ts'
import type { View } from './view.ts'

/** Methods about landed transactions and blocks, back to genesis. */
export const historyMethods = (view: View): Methods => {
  const { history } = view.ledger
  return {
    getSignatureStatuses: ([signatures, options]) => {
      const search = config(options).searchTransactionHistory === true
      const statuses = list(signatures, 256).map((given) => {
        const landed = history.get(signature(given))
        const known = landed && landed.slot <= view.slot('processed') && (search || landed.slot > view.slot('processed') - RECENT_STATUSES)
        return known ? status(view, landed) : null
      })
      return view.answer('processed', statuses)
    },
    getTransaction: async ([given, options]) => {
      const asked = typeof options === 'string' ? { encoding: options } : config(options)
      const landed = history.get(signature(given))
      if (!landed || landed.slot > view.slot(blockCommitment(view, asked))) return null
      const { encoded, slot, blockTime } = await read(view, landed, asked)
      return { slot, blockTime, ...encoded }
    },
    getSignaturesForAddress: ([key, options]) => {
      const given = config(options)
      const newest = view.slot(blockCommitment(view, given))
      const limit = given.limit === undefined ? 1_000 : integer(given.limit, 'a limit')
      if (limit < 1 || limit > 1_000) throw invalid('limit must be between 1 and 1000')
      let found = history
        .ofAddress(address(key))
        .filter((landed) => landed.slot <= newest)
        .reverse()
      if (given.before !== undefined) found = found.slice(found.findIndex((landed) => landed.signature === signature(given.before)) + 1)
      const until = found.findIndex((landed) => landed.signature === given.until)
      return found.slice(0, Math.min(limit, until < 0 ? limit : until)).map((landed) => ({
        signature: landed.signature,
        slot: landed.slot,
        err: landed.error,
        memo: null,
        blockTime: landed.time,
        confirmationStatus: commitmentOf(view, landed.slot),
      }))
    },
    getBlock: async ([wanted, options]) => {
      const given = config(options)
      const slot = integer(wanted, 'a slot')
      if (slot < GENESIS_SLOT || slot > view.slot(blockCommitment(view, given)))
        throw new RpcError(-32004, `Block not available for slot ${slot}`)
      const landed = history.inSlot(slot)
      const details = given.transactionDetails ?? 'full'
      return {
        blockhash: view.ledger.blockhashes.of(slot),
        previousBlockhash: view.ledger.blockhashes.of(Math.max(GENESIS_SLOT, slot - 1)),
        parentSlot: Math.max(GENESIS_SLOT, slot - 1),
        blockHeight: heightOf(slot),
        blockTime: view.ledger.timeOf(slot),
        ...(given.rewards === false ? {} : { rewards: [] }),
        ...(details === 'signatures' ? { signatures: landed.map((entry) => entry.signature) } : {}),
        ...(details === 'full' || details === 'accounts'
          ? { transactions: await Promise.all(landed.map(async (entry) => (await read(view, entry, given)).encoded)) }
          : {}),
      }
    },
    getBlocks: ([from, to, options]) => {
      const newest = view.slot(blockCommitment(view, config(typeof to === 'number' ? options : to)))
      const first = Math.max(GENESIS_SLOT, integer(from, 'a slot'))
      const last = Math.min(newest, typeof to === 'number' ? to : newest)
      if (last - first > MAX_BLOCKS) throw invalid(`Slot range too large; max ${MAX_BLOCKS}`)
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
    },
    getBlockTime: ([slot]) => view.ledger.timeOf(integer(slot, 'a slot')),
    getFirstAvailableBlock: () => GENESIS_SLOT,
    minimumLedgerSlot: () => GENESIS_SLOT,
  }
}

/** Commitment that a slot has reached in this view. */
export const commitmentOf = (view: View, slot: number): Commitment =>
  slot <= view.slot('finalized') ? 'finalized' : slot <= view.slot('confirmed') ? 'confirmed' : 'processed'

/** Slots whose statuses a node keeps at hand; older ones need searchTransactionHistory, here as there. */
const RECENT_STATUSES = 150
const MAX_BLOCKS = 500_000

const status = (view: View, landed: Landed) => {
  const reached = commitmentOf(view, landed.slot)
  return {
    slot: landed.slot,
    confirmations: reached === 'finalized' ? null : view.slot('processed') - landed.slot,
    err: landed.error,
    status: landed.error === null ? { Ok: null } : { Err: landed.error },
    confirmationStatus: reached,
  }
}

/** Blocks exist from confirmed on. */
const blockCommitment = (view: View, options: Config): Commitment => {
  const at = view.commitment(options)
  if (at === 'processed') throw invalid('Method does not support commitment below `confirmed`')
  return at
}

const read = async (view: View, landed: Landed, options: Config) => {
  // The record may still be on its way to the disk.
  await view.ledger.durable()
  const { wire, meta } = await view.ledger.stored(landed)
  const version = versionOf(wire)
  const max = options.maxSupportedTransactionVersion
  if (version === 0 && (typeof max !== 'number' || max < 0))
    throw new RpcError(
      VERSION_UNSUPPORTED,
      'Transaction version (0) is not supported by the requesting client. Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": 0',
    )
  const encoded = {
    transaction: encodeTransaction(wire, options.encoding),
    meta,
    ...(typeof max === 'number' ? { version } : {}),
  }
  return { encoded, slot: landed.slot, blockTime: landed.time }
}

/** Told by the byte behind the signatures, which are fewer than their count's one byte can tell. */
const versionOf = (wire: Uint8Array): 'legacy' | number =>
  VersionedMessage.deserializeMessageVersion(wire.subarray(1 + (wire[0] ?? 0) * SIGNATURE_LENGTH_IN_BYTES))

const encodeTransaction = (wire: Uint8Array, encoding: unknown): unknown => {
  if (encoding === 'base64') return [Buffer.from(wire).toString('base64'), 'base64']
  if (encoding === 'base58') return [bs58.encode(wire), 'base58']
  const transaction = VersionedTransaction.deserialize(wire)
  const signatures = transaction.signatures.map((bytes) => bs58.encode(bytes))
  const { message } = transaction
  return { signatures, message: encoding === 'jsonParsed' ? parsedMessage(message) : plainMessage(message) }
}

const plainMessage = (message: VersionedMessage) => ({
  header: message.header,
  accountKeys: message.staticAccountKeys.map((key) => key.toBase58()),
  recentBlockhash: message.recentBlockhash,
  instructions: message.compiledInstructions.map((instruction) => ({
    programIdIndex: instruction.programIdIndex,
    accounts: [...instruction.accountKeyIndexes],
    data: bs58.encode(instruction.data),
    stackHeight: null,
  })),
  ...(message.version === 0 ? { addressTableLookups: lookups(message) } : {}),
})

/** jsonParsed with every instruction left partially decoded, which its form allows for programs the node does not know. */
const parsedMessage = (message: VersionedMessage) => {
  const keys = message.staticAccountKeys
  const key = (index: number) => keys[index]?.toBase58() ?? ''
  return {
    accountKeys: keys.map((pubkey, i) => ({
      pubkey: pubkey.toBase58(),
      signer: message.isAccountSigner(i),
      writable: message.isAccountWritable(i),
      source: 'transaction',
    })),
    recentBlockhash: message.recentBlockhash,
    instructions: message.compiledInstructions.map((instruction) => ({
      programId: key(instruction.programIdIndex),
      accounts: instruction.accountKeyIndexes.map(key),
      data: bs58.encode(instruction.data),
      stackHeight: null,
    })),
    ...(message.version === 0 ? { addressTableLookups: lookups(message) } : {}),
  }
}

const lookups = (message: VersionedMessage) =>
  message.addressTableLookups.map((lookup) => ({
    accountKey: lookup.accountKey.toBase58(),
    writableIndexes: [...lookup.writableIndexes],
    readonlyIndexes: [...lookup.readonlyIndexes],
  }))
