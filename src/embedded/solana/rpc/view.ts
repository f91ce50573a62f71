import type { Ledger } from '../ledger.ts'
import { type Commitment, GENESIS_SLOT } from '../slots.ts'
import { MIN_CONTEXT_SLOT, RpcError } from './json-rpc.ts'
import { type Config, commitment } from './params.ts'

/** Faults of one endpoint, so that tests and demonstrations can have a node that lags, stalls or swallows sends. */
export interface Faults {
  /** How many slots this endpoint is behind. Slots, statuses and history follow; account states are always the ledger's newest. */
  lagSlots: number
  latencyMs: number
  unhealthy: boolean
  /** Sends are answered with their signature and never executed. */
  dropSends: boolean
}

/** What one endpoint knows of the ledger. */
export interface View {
  readonly ledger: Ledger
  readonly faults: Faults
  slot(at: Commitment): number
  context(at: Commitment): { readonly apiVersion: string; readonly slot: number }
  /** Wraps a value with its context. */
  answer<T>(at: Commitment, value: T): { context: { apiVersion: string; slot: number }; value: T }
  /** The commitment of a request, whose minContextSlot this view has reached; error -32016 otherwise. */
  commitment(options: Config): Commitment
}

export const createView = (ledger: Ledger): View => {
  const faults: Faults = { lagSlots: 0, latencyMs: 0, unhealthy: false, dropSends: false }
  const slot = (at: Commitment) => Math.max(GENESIS_SLOT, ledger.slots.at(at) - faults.lagSlots)
  const context = (at: Commitment) => ({ apiVersion: API_VERSION, slot: slot(at) })
  return {
    ledger,
    faults,
    slot,
    context,
    answer: (at, value) => ({ context: context(at), value }),
    commitment: (options) => {
      const at = commitment(options)
      const least = options.minContextSlot
      if (typeof least === 'number' && slot(at) < least)
        throw new RpcError(MIN_CONTEXT_SLOT, 'Minimum context slot has not been reached', { contextSlot: slot(at) })
      return at
    },
  }
}

/** The generation of the RPC whose shapes we answer. */
export const API_VERSION = '2.3.0'
