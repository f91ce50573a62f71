import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import bs58 from 'bs58'
import { writePrivate } from './private-file.ts'

export type Commitment = 'processed' | 'confirmed' | 'finalized'

export interface SlotClock {
  /** The slot now being filled. */
  current(): number
  /** How many slots old a slot must be. */
  depth(commitment: Commitment): number
  /** Newest slot at a commitment. */
  at(commitment: Commitment): number
  /** Calls back once per passed slot or more (a late timer passes several at once). */
  onTick(listener: () => void): () => void
  stop(): void
}

/** First slot of a chain. Not zero, so that slot and block height always differ and mixing them up shows. */
export const GENESIS_SLOT = 1_000

/** Every slot has a block here, so height and slot run in step. */
export const heightOf = (slot: number): number => Math.max(0, slot - GENESIS_SLOT)

/** Blocks for which a blockhash may be used, as on mainnet. */
export const BLOCKHASH_AGE = 150

/**
 * Slots go by with time and survive a restart without a write per slot: a reservation file says up to where slots may have
 * been answered, and a restart begins there. `lastUsed` is the newest slot in the log.
 */
export const startSlotClock = (options: {
  path: string
  slotMs: number
  lastUsed: number
  onBroken: (error: unknown) => void
}): SlotClock => {
  const { path, slotMs } = options
  const finalized = Math.max(1, Math.min(MAX_FINALIZED_DEPTH, Math.floor(FINALITY_MS / slotMs)))
  const listeners = new Set<() => void>()
  const base = Math.max(GENESIS_SLOT, options.lastUsed + 1, readReservation(path))
  const started = performance.now()
  let slot = base
  let reserved = base + RESERVE
  writeReservation(path, reserved)

  const tick = () => {
    const due = base + Math.floor((performance.now() - started) / slotMs)
    if (due <= slot) return
    if (due + RESERVE / 2 > reserved) {
      try {
        reserved = due + RESERVE
        writeReservation(path, reserved)
      } catch (error) {
        options.onBroken(error)
        return
      }
    }
    slot = due
    for (const listener of listeners) listener()
  }
  const timer = setInterval(tick, slotMs)

  const depth = (commitment: Commitment) => (commitment === 'processed' ? 0 : commitment === 'confirmed' ? 1 : finalized)
  return {
    current: () => slot,
    depth,
    at: (commitment) => Math.max(GENESIS_SLOT, slot - depth(commitment)),
    onTick: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: () => {
      clearInterval(timer)
      writeReservation(path, slot + 1)
    },
  }
}

/** Blockhashes follow from the genesis hash and the slot, so none is stored and all survive a restart. */
export const blockhashes = (genesisHash: string) => {
  const seed = bs58.decode(genesisHash)
  const bySlot = new Map<number, string>()
  const byHash = new Map<string, number>()
  const of = (slot: number): string => {
    const known = bySlot.get(slot)
    if (known) return known
    const number = Buffer.alloc(8)
    number.writeBigUInt64LE(BigInt(slot))
    const hash = bs58.encode(createHash('sha256').update(seed).update(number).digest())
    bySlot.set(slot, hash)
    byHash.set(hash, slot)
    if (bySlot.size > REMEMBERED) {
      const oldest = bySlot.keys().next().value as number
      byHash.delete(bySlot.get(oldest) as string)
      bySlot.delete(oldest)
    }
    return hash
  }
  return {
    of,
    /** Slot of a hash that is still usable in a block after `slot`; undefined for an expired or foreign one. */
    usable: (hash: string, slot: number): number | undefined => {
      for (let s = Math.max(GENESIS_SLOT, slot - BLOCKHASH_AGE); s <= slot; s++) if (!bySlot.has(s)) of(s)
      const found = byHash.get(hash)
      return found !== undefined && found <= slot && slot - found <= BLOCKHASH_AGE ? found : undefined
    },
    /** The newest first, as the SlotHashes account holds them; `slot` itself has no block yet. */
    recent: (slot: number): { slot: number; hash: string }[] => {
      const entries: { slot: number; hash: string }[] = []
      for (let s = slot - 1; s >= GENESIS_SLOT && entries.length < SLOT_HASHES; s--) entries.push({ slot: s, hash: of(s) })
      return entries
    },
  }
}
export type Blockhashes = ReturnType<typeof blockhashes>

/** Mainnet's depth of finality; at long slots fewer, so that finality never takes longer than FINALITY_MS. */
const MAX_FINALIZED_DEPTH = 31
/** Below the 20 s that the outside contract grants, with room for a late timer. */
const FINALITY_MS = 15_000
/** Slots reserved ahead: a kill skips at most these, well under a blockhash's life of 150. */
const RESERVE = 32
/** Entries of the SlotHashes account. */
const SLOT_HASHES = 512
/** More than SLOT_HASHES and the blockhash window together, so that neither thrashes. */
const REMEMBERED = 1_024

const readReservation = (path: string): number => {
  try {
    const { reserved } = JSON.parse(readFileSync(path, 'utf8')) as { reserved?: unknown }
    if (typeof reserved === 'number' && Number.isSafeInteger(reserved)) return reserved
    throw new Error(`${path} holds no slot number`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

const writeReservation = (path: string, reserved: number) => writePrivate(path, `${JSON.stringify({ reserved })}\n`)
