import { PublicKey } from '@solana/web3.js'
import bs58 from 'bs58'
import type { Commitment } from '../slots.ts'
import { INVALID_PARAMS, RpcError } from './json-rpc.ts'

export type Config = Readonly<Record<string, unknown>>

export const invalid = (message: string) => new RpcError(INVALID_PARAMS, `Invalid params: ${message}`)

/** A base58 address in canonical form. */
export const address = (value: unknown): string => {
  if (typeof value !== 'string') throw invalid('expected an address')
  try {
    return new PublicKey(value).toBase58()
  } catch {
    throw new RpcError(INVALID_PARAMS, 'Invalid param: Invalid')
  }
}

export const signature = (value: unknown): string => {
  if (typeof value === 'string') {
    try {
      if (bs58.decode(value).length === 64) return value
    } catch {
      // falls through to the one refusal below
    }
  }
  throw new RpcError(INVALID_PARAMS, 'Invalid param: Invalid')
}

export const integer = (value: unknown, what: string): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw invalid(`expected ${what}`)
  return value
}

export const list = (value: unknown, max: number): readonly unknown[] => {
  if (!Array.isArray(value)) throw invalid('expected a list')
  if (value.length > max) throw new RpcError(INVALID_PARAMS, `Too many inputs provided; max ${max}`)
  return value
}

/** The configuration object; a bare commitment string is the old form of the same. */
export const config = (value: unknown): Config => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Config
  return {}
}

/** Solana's default is finalized. */
export const commitment = (options: Config): Commitment => {
  switch (options.commitment) {
    case undefined:
    case null:
    case 'finalized':
    case 'max':
    case 'root':
      return 'finalized'
    case 'confirmed':
    case 'single':
    case 'singleGossip':
      return 'confirmed'
    case 'processed':
    case 'recent':
      return 'processed'
    default:
      throw invalid('unknown commitment')
  }
}

/** Wire bytes of a transaction or message in the encoding the caller names. */
export const encodedBytes = (value: unknown, encoding: unknown): Uint8Array => {
  if (typeof value !== 'string') throw invalid('expected encoded bytes')
  try {
    return encoding === 'base64' ? Uint8Array.from(Buffer.from(value, 'base64')) : bs58.decode(value)
  } catch {
    throw new RpcError(INVALID_PARAMS, 'invalid base58 encoding')
  }
}
