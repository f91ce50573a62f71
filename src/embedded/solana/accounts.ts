import bs58 from 'bs58'
import { nonceOf } from './nonces.ts'
import type { AccountState, Svm } from './svm.ts'
import { tokenAccount } from './tokens.ts'

/** The ledger's accounts: the VM's state, with what the VM cannot look up by itself. Addresses are base58. */
export interface Accounts {
  get(address: string): AccountState | undefined
  lamports(address: string): bigint
  /** Overwrites one account, outside any transaction. */
  put(address: string, state: AccountState | undefined): void
  /** To be called for every account that a transaction may have changed. */
  changed(address: string, slot: number): void
  /** As it was after a slot: for nonce accounts, whose finalised value proofs rest on. Any other account is the newest at every slot. */
  asOf(address: string, slot: number): AccountState | undefined
  /** What an account became in a slot, to be told in order; kept for nonce accounts alone. */
  became(address: string, slot: number, state: AccountState | undefined): void
  tokenAccountsOf(owner: string): readonly string[]
  /** Slot of the last change, and how many there were; since this process began. */
  lastChange(address: string): { readonly slot: number; readonly count: number } | undefined
}

export const createAccounts = (svm: Svm): Accounts => {
  const ownerOf = new Map<string, string>()
  const byOwner = new Map<string, Set<string>>()
  const changes = new Map<string, { slot: number; count: number }>()
  const nonces = new Map<string, { readonly slot: number; readonly state: AccountState | undefined }[]>()
  const get = (address: string) => svm.account(addressBytes(address))

  const index = (address: string, state: AccountState | undefined) => {
    const owner = tokenAccount(state)?.owner
    const before = ownerOf.get(address)
    if (owner === before) return
    if (before !== undefined) byOwner.get(before)?.delete(address)
    if (owner === undefined) ownerOf.delete(address)
    else {
      ownerOf.set(address, owner)
      const held = byOwner.get(owner) ?? new Set()
      byOwner.set(owner, held.add(address))
    }
  }

  const became = (address: string, slot: number, state: AccountState | undefined) => {
    const past = nonces.get(address)
    if (!past && !nonceOf(state)) return
    // The newest of those before the window still holds at its beginning.
    const first = Math.max(
      0,
      (past ?? []).findLastIndex((entry) => entry.slot <= slot - KEPT_SLOTS),
    )
    nonces.set(address, [...(past ?? []).slice(first).filter((entry) => entry.slot !== slot), { slot, state }])
  }

  return {
    get,
    became,
    asOf: (address, slot) => {
      const past = nonces.get(address)
      return past ? past.findLast((entry) => entry.slot <= slot)?.state : get(address)
    },
    lamports: (address) => svm.lamports(addressBytes(address)),
    put: (address, state) => {
      svm.setAccount(addressBytes(address), state)
      index(address, state)
    },
    changed: (address, slot) => {
      const state = get(address)
      index(address, state)
      became(address, slot, state)
      changes.set(address, { slot, count: (changes.get(address)?.count ?? 0) + 1 })
    },
    tokenAccountsOf: (owner) => [...(byOwner.get(owner) ?? [])],
    lastChange: (address) => changes.get(address),
  }
}

/** Beyond every depth of finality and every lag that an endpoint is given. */
const KEPT_SLOTS = 512

/** Bytes of a base58 address, remembered: decoding is slow and the same few addresses come again and again. */
export const addressBytes = (address: string): Uint8Array => {
  const known = decoded.get(address)
  if (known) return known
  const bytes = bs58.decode(address)
  if (bytes.length !== 32) throw new Error(`${address} is not an address`)
  if (decoded.size >= MAX_DECODED) decoded.clear()
  decoded.set(address, bytes)
  return bytes
}

const decoded = new Map<string, Uint8Array>()
/** About 2 MB; beyond it the memory is started over. */
const MAX_DECODED = 20_000
