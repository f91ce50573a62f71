import { join } from 'node:path'
import type { Logger } from '../../platform/log.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { execute } from './execute.ts'
import { createHistory, type History } from './history.ts'
import { openLedgerLog } from './ledger-log.ts'
import { decodeWire, isResolved, resolve, type SentTransaction } from './message.ts'
import { advancedBy, durableNonce, nonceOf } from './nonces.ts'
import { type AccountsRecord, decodeRecord, encodeRecord, type GenesisRecord, type LedgerRecord, type StoredParts } from './record.ts'
import { type Blockhashes, blockhashes, GENESIS_SLOT, type SlotClock, startSlotClock } from './slots.ts'
import { type AccountState, createSvm, type Simulation, type Svm } from './svm.ts'
import type { TransactionError } from './transaction-error.ts'

/** One chain: accounts, history and slots over a durable log. Nothing may be answered before `durable` has resolved. */
export interface Ledger {
  readonly accounts: Accounts
  readonly svm: Svm
  readonly history: History
  readonly slots: SlotClock
  readonly blockhashes: Blockhashes
  readonly genesis: Pick<GenesisRecord, 'genesisHash' | 'faucet' | 'time'>
  /** Decodes and resolves wire bytes; an error name where the transaction cannot be read. */
  prepare(wire: Uint8Array): SentTransaction | TransactionError
  simulate(sent: SentTransaction, verifySignatures: boolean): Simulation
  /** Whether its blockhash, or the durable nonce in its place, lets a transaction into a block after `slot`. */
  usable(sent: SentTransaction, slot: number): boolean
  /** Executes now, in the current slot. Returns whether it landed; a transaction known already is not run again. */
  land(sent: SentTransaction): boolean
  /** Overwrites accounts outside any transaction, durably. */
  overwrite(changes: ReadonlyMap<string, AccountState | undefined>, reason: string): void
  /** Seconds since the epoch at which a slot was (about) filled. */
  timeOf(slot: number): number
  onLanded(listener: (signature: string) => void): () => void
  durable(): Promise<void>
  /** The stored wire bytes and meta. */
  stored(parts: StoredParts): Promise<{ wire: Uint8Array; meta: unknown }>
  close(): Promise<void>
}

export interface LedgerOptions {
  readonly dir: string
  readonly slotMs: number
  readonly log: Logger
  /** What a new chain begins with; it becomes durable as one whole, so that no crash leaves half a genesis. */
  readonly founding: () => Founding
  /** The disk failed: the process must end, because memory is ahead of the log. */
  readonly onBroken: (error: unknown) => void
}

export interface Founding {
  readonly genesisHash: string
  readonly faucet: string
  readonly accounts: ReadonlyMap<string, AccountState>
  /** Wire bytes of the transactions of the first slot. */
  readonly transactions: readonly Uint8Array[]
}

export const openLedger = async (options: LedgerOptions): Promise<Ledger> => {
  const svm = createSvm()
  const accounts = createAccounts(svm)
  const history = createHistory()
  const latest = new Map<string, AccountState | undefined>()
  const landed = new Set<(signature: string) => void>()
  let genesis: GenesisRecord | undefined
  let lastUsed = 0

  const log = await openLedgerLog(
    join(options.dir, 'ledger.log'),
    (bytes, offset) => {
      const { record, parts } = decodeRecord(bytes, offset)
      lastUsed = record.slot
      for (const [key, state] of record.changes) {
        latest.set(key, state)
        accounts.became(key, record.slot, state)
      }
      if (record.kind === 'genesis') genesis = record
      if (record.kind === 'transaction') history.add({ ...record, ...parts }, record.keys)
    },
    options.onBroken,
  )
  // Programs last: the VM compiles one when it is put, and an upgradeable program's code lies in another account.
  for (const programs of [false, true]) {
    for (const [key, state] of latest) if (state?.executable === programs) accounts.put(key, state)
  }

  const append = (record: LedgerRecord) => {
    const bytes = encodeRecord(record)
    return decodePlace(bytes, log.append(bytes), record)
  }

  const run = (sent: SentTransaction, slot: number, time: number): boolean => {
    if (history.get(sent.signature)) return false
    const durable = hashes.usable(sent.message.recentBlockhash, slot) === undefined
    const executed = execute(svm, accounts, sent, { nextNonce: durableNonce(hashes.of(slot)), durable })
    if (!executed.landed) return false
    const { error } = executed.execution
    const parts = append({
      kind: 'transaction',
      slot,
      time,
      signature: sent.signature,
      error,
      keys: executed.keys,
      wire: sent.wire,
      meta: executed.meta,
      changes: executed.changes,
    })
    history.add({ signature: sent.signature, slot, time, error, ...parts }, executed.keys)
    history.notePrice(slot, sent.price, executed.writable)
    for (const key of executed.changes.keys()) accounts.changed(key, slot)
    for (const listener of landed) listener(sent.signature)
    return true
  }

  const prepare = (wire: Uint8Array) => {
    const transaction = decodeWire(wire)
    return transaction ? resolve(transaction, wire, (table) => accounts.get(table.toBase58())?.data) : 'SanitizeFailure'
  }

  const founding = genesis ? undefined : options.founding()
  const hashes = blockhashes(genesis?.genesisHash ?? founding?.genesisHash ?? '')
  const usable = ({ message, keys }: SentTransaction, slot: number): boolean => {
    if (hashes.usable(message.recentBlockhash, slot) !== undefined) return true
    const advanced = advancedBy(message)
    const nonce = advanced && nonceOf(accounts.get(keys[advanced.account]?.toBase58() ?? ''))
    // Once a slot: what was advanced in this one lets nothing in before the next.
    if (!nonce || nonce.value !== message.recentBlockhash || nonce.value === durableNonce(hashes.of(slot))) return false
    return advanced.signers.some((index) => keys[index]?.toBase58() === nonce.authority)
  }

  if (!genesis) {
    const { transactions, accounts: changes, ...names } = founding!
    genesis = { kind: 'genesis', slot: GENESIS_SLOT, time: seconds(), ...names, changes }
    lastUsed = GENESIS_SLOT
    for (const [key, state] of changes) accounts.put(key, state)
    svm.enterSlot(GENESIS_SLOT, genesis.time, [])
    // One synchronous burst of appends is one frame of the log: all of it or nothing.
    append(genesis)
    for (const wire of transactions) {
      const sent = prepare(wire)
      if (!isResolved(sent) || !run(sent, GENESIS_SLOT, genesis.time)) throw new Error('a founding transaction did not land')
      if (history.get(sent.signature)?.error !== null) throw new Error('a founding transaction failed')
    }
    await log.durable()
  }
  const { genesisHash, faucet, time: genesisTime } = genesis
  const slots = startSlotClock({ path: join(options.dir, 'slots.json'), slotMs: options.slotMs, lastUsed, onBroken: options.onBroken })

  let entered = 0
  // The VM's clock is set only when a transaction needs it: an idle chain costs nothing.
  const enterSlot = (): number => {
    const slot = slots.current()
    if (slot !== entered) svm.enterSlot(slot, seconds(), hashes.recent(slot))
    entered = slot
    return slot
  }

  options.log.info({ transactions: history.count(), accounts: latest.size, slot: slots.current() }, 'ledger open')
  return {
    accounts,
    svm,
    history,
    slots,
    blockhashes: hashes,
    genesis: { genesisHash, faucet, time: genesisTime },
    prepare,
    usable,
    simulate: (sent, verifySignatures) => {
      enterSlot()
      return svm.simulate(sent.wire, verifySignatures)
    },
    land: (sent) => {
      const slot = enterSlot()
      return usable(sent, slot) && run(sent, slot, seconds())
    },
    overwrite: (changes, reason) => {
      const slot = enterSlot()
      append({ kind: 'accounts', slot, time: seconds(), reason, changes } satisfies AccountsRecord)
      for (const [key, state] of changes) {
        accounts.put(key, state)
        accounts.changed(key, slot)
      }
    },
    timeOf: (slot) => history.inSlot(slot)[0]?.time ?? seconds() - Math.round(((slots.current() - slot) * options.slotMs) / 1000),
    onLanded: (listener) => {
      landed.add(listener)
      return () => landed.delete(listener)
    },
    durable: () => log.durable(),
    stored: async ({ wireAt, wireLength, metaLength }) => {
      const bytes = await log.read(wireAt, wireLength + metaLength)
      return { wire: bytes.subarray(0, wireLength), meta: JSON.parse(bytes.toString('utf8', wireLength)) as unknown }
    },
    close: async () => {
      await log.close()
      slots.stop()
    },
  }
}

const seconds = () => Math.floor(Date.now() / 1000)

const decodePlace = (bytes: Buffer, offset: number, record: LedgerRecord): StoredParts => {
  const headLength = bytes.readUInt32LE(0)
  const wireLength = record.kind === 'transaction' ? record.wire.length : 0
  const states = [...record.changes.values()].reduce((total, state) => total + (state?.data.length ?? 0), 0)
  return { wireAt: offset + 4 + headLength, wireLength, metaLength: bytes.length - 4 - headLength - wireLength - states }
}
