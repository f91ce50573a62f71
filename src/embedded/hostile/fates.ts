import { VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'
import type { Logger } from '../../platform/log.ts'
import type { Chance } from './chance.ts'
import type { Fates } from './profile.ts'
import type { Tally } from './tally.ts'
import type { Blockhash, Upstream } from './upstream.ts'

/** What every port is to say of a signature that has a fate: the chain's own answer, nothing, or a landing in this slot. */
export type Sight =
  | { readonly kind: 'truth' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'landed'; readonly slot: number; readonly err: unknown }

/** Decides once per signature what becomes of it on the whole chain, in the order in which signatures are first seen. */
export interface FateBook {
  /** Notes a send and says whether it goes on to the chain. */
  send(encoded: string, encoding: unknown): { readonly signature: string; readonly forward: boolean } | undefined
  sight(signature: string): Sight
  /** The signature's number, for decisions about it elsewhere. */
  numberOf(signature: string): number | undefined
  set(fates: Fates): void
  readonly current: () => Fates
}

/** MAX_PROCESSING_AGE of the protocol: blocks a blockhash lives. */
const LIFE_BLOCKS = 150
/** Signatures live some seconds; enough for hundreds of thousands of blocks of them at once would be a leak. */
const KEPT = 100_000

interface Entry {
  readonly n: number
  readonly kind: keyof Fates | 'plain'
  readonly encoded: string
  readonly encoding: unknown
  readonly hash: Blockhash | undefined
  readonly bornSlot: number
  /** The slot where the fate turns: release, end of the fork, return. */
  readonly turnSlot: number
  readonly confirmedGhost: boolean
  readonly landsAfterwards: boolean
  released: boolean
}

export const createFates = (upstream: Upstream, chance: Chance, first: Fates, tally: Tally, log: Logger): FateBook => {
  const entries = new Map<string, Entry>()
  const held = new Map<string, Entry>()
  let fates = first
  let count = 0

  const decide = (encoded: string, encoding: unknown, hash: Blockhash | undefined): Entry => {
    const n = count++
    const between = (what: string, from: number, to: number) => from + Math.floor(chance(['fate', what], n) * (to - from + 1))
    const bornSlot = upstream.slot()
    // The last slots in which a block can have it; without knowing when its blockhash ends, nothing can be held back within its life.
    const lastSlot = hash ? hash.slot + LIFE_BLOCKS - between('margin', 4, 14) : bornSlot
    const turnSlots = {
      plain: 0,
      lost: 0,
      late: lastSlot,
      ghost: bornSlot + between('fork', 2, 14),
      // Past finality of its first slot, so that whoever booked it must see it gone.
      rollback: bornSlot + upstream.finalityDepth() + between('back', 12, 30),
    }
    const drawn = hash ? kindOf(fates, chance(['fate'], n)) : 'plain'
    // A fork never brings back what no block could have any more: one first sent late in its blockhash's life stays where it landed.
    const kind = drawn === 'rollback' && turnSlots.rollback > lastSlot ? 'plain' : drawn
    const turnSlot = turnSlots[kind]
    if (kind !== 'plain') tally.count(`fate:${kind}`)
    return {
      n,
      kind,
      encoded,
      encoding,
      hash,
      bornSlot,
      turnSlot,
      released: false,
      confirmedGhost: chance(['fate', 'confirmed'], n) < 0.5,
      landsAfterwards: chance(['fate', 'lands'], n) < 0.6,
    }
  }

  upstream.onSlot(() => {
    for (const [signature, entry] of held) {
      if (upstream.slot() < entry.turnSlot) continue
      held.delete(signature)
      entry.released = true
      tally.count('released late')
      upstream
        .ask({ method: 'sendTransaction', params: [entry.encoded, { encoding: entry.encoding, skipPreflight: true, maxRetries: 0 }] })
        .catch((error: unknown) => log.warn({ err: error, signature }, 'a late transaction could not be released'))
    }
  })

  return {
    send: (encoded, encoding) => {
      const read = readWire(encoded, encoding)
      if (!read) return undefined
      const { signature, blockhash } = read
      let entry = entries.get(signature)
      if (!entry) {
        entry = decide(encoded, encoding ?? 'base58', upstream.known(blockhash))
        entries.set(signature, entry)
        if (entry.kind === 'late') held.set(signature, entry)
        if (entries.size > KEPT) entries.delete(entries.keys().next().value as string)
      }
      return { signature, forward: forwards(entry, upstream.slot()) }
    },
    sight: (signature) => {
      const entry = entries.get(signature)
      return entry ? sightOf(entry, upstream.slot()) : TRUTH
    },
    numberOf: (signature) => entries.get(signature)?.n,
    set: (next) => {
      fates = next
    },
    current: () => fates,
  }
}

const TRUTH: Sight = { kind: 'truth' }
const ABSENT: Sight = { kind: 'absent' }

const kindOf = (fates: Fates, drawn: number): Entry['kind'] => {
  let left = drawn
  for (const kind of ['lost', 'late', 'ghost', 'rollback'] as const) {
    left -= fates[kind] ?? 0
    if (left < 0) return kind
  }
  return 'plain'
}

const forwards = (entry: Entry, slot: number): boolean => {
  switch (entry.kind) {
    case 'plain':
    case 'rollback':
      return true
    case 'lost':
      return false
    case 'late':
      return entry.released
    case 'ghost':
      return slot > entry.turnSlot && entry.landsAfterwards
    default:
      return entry.kind satisfies never
  }
}

const sightOf = (entry: Entry, slot: number): Sight => {
  if (entry.kind === 'ghost') {
    if (slot > entry.turnSlot) return TRUTH
    // On the dying fork it was executed in the slot after its send; only some forks get as far as votes.
    const shown = entry.bornSlot + 1
    return slot < shown ? ABSENT : { kind: 'landed', slot: entry.confirmedGhost ? shown : slot, err: null }
  }
  if (entry.kind !== 'rollback') return TRUTH
  if (slot <= entry.bornSlot + SEEN_SLOTS) return TRUTH
  return slot < entry.turnSlot ? ABSENT : { kind: 'landed', slot: entry.turnSlot, err: undefined }
}

/** Long enough to be seen confirmed and booked, short of being final. */
const SEEN_SLOTS = 16

const readWire = (encoded: string, encoding: unknown): { signature: string; blockhash: string } | undefined => {
  try {
    const wire = encoding === 'base64' ? Buffer.from(encoded, 'base64') : bs58.decode(encoded)
    const transaction = VersionedTransaction.deserialize(wire)
    const [signature] = transaction.signatures
    return signature && { signature: bs58.encode(signature), blockhash: transaction.message.recentBlockhash }
  } catch {
    return undefined
  }
}
