import { AddressLookupTableAccount, SystemProgram, type VersionedTransaction } from '@solana/web3.js'
import { Counter, type Registry } from '../../platform/metrics.ts'
import type { Chain } from '../../rpc/chain.ts'
import type { Sender } from '../../rpc/send/sender.ts'
import type { ManagedOrder, ManagedVenue, SwapRequest } from '../../rpc/venue/venue.ts'
import { type Composed, examine } from '../signing/compose.ts'
import type { Expectation } from '../signing/expected-changes.ts'

/** What is asked of the venue for one attempt, and what the result may do. */
export interface ManagedAsk {
  readonly request: SwapRequest
  readonly limit: bigint
  readonly payer: string
  readonly wallet: string
  readonly minSlot: number
  expect(order: ManagedOrder): Expectation
}

export type ManagedDraft =
  | { readonly kind: 'ready'; readonly composed: Extract<Composed, { kind: 'ready' }>; readonly order: ManagedOrder }
  /** Not a transaction that we would sign; `reason` says why. We land the swap ourselves. */
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * A whole transaction from the venue, looked at before it is signed: paid by our fee payer, signed by us alone, over a blockhash and no
 * nonce, whose expiry could not be told, and in its simulation doing what was asked and nothing besides.
 */
export const askManaged = async (venue: ManagedVenue, chain: Chain, ask: ManagedAsk): Promise<ManagedDraft> => {
  const { payer, wallet, limit } = ask
  const answer = await venue.order(ask.request, { limit, payer })
  if (!answer.ok) return refused(answer.error.detail)
  const { transaction, lastValidBlockHeight } = answer.value
  const fault = faultIn(transaction, payer, wallet)
  if (fault !== undefined) return refused(fault)
  const [tables, latest] = await Promise.all([lookupTables(chain, transaction), chain.latestBlockhash()])
  if (!tables || !latest.ok) return refused('the chain does not tell what the transaction needs')
  const draft = { expect: ask.expect(answer.value), minSlot: ask.minSlot, lookupTables: tables }
  const seen = await examine(draft, transaction, chain)
  if (!('unitsConsumed' in seen)) return refused(seen.kind === 'rejected' ? seen.error : 'it could not be simulated')
  if (seen.error !== null) return refused(seen.error)
  // Never before the true height: too early a one would only make us ask for a proof that is not to be had yet.
  const ours = latest.value.lastValidBlockHeight
  const height = Math.min(Math.max(ours, lastValidBlockHeight), ours + BLOCKHASH_BLOCKS)
  const blockhash = { ...latest.value, blockhash: transaction.message.recentBlockhash, lastValidBlockHeight: height }
  return { kind: 'ready', order: answer.value, composed: { kind: 'ready', transaction, blockhash } }
}

/** A venue that keeps silent for so many rounds of rebroadcast is not left alone with an order. */
const ROUNDS_ALONE = 2

/** Lands a transaction through the venue. What it answers is noted, never believed: the chain is polled by our own signature. */
export const managedSender = (venue: ManagedVenue, requestId: string, own: Sender, told: ManagedTold): Sender => {
  let underWay = false
  const execute = async (wire: Uint8Array): Promise<void> => {
    underWay = true
    const outcome = await venue.execute(wire, requestId)
    underWay = false
    told(outcome.kind, outcome.detail)
  }
  return {
    name: 'venue',
    send: async (wire, round) => {
      if (!underWay) void execute(wire)
      return round < ROUNDS_ALONE ? { accepted: ['venue'], failures: [] } : own.send(wire, round)
    },
    close: async () => undefined,
  }
}

export type ManagedTold = (kind: 'landed' | 'failed' | 'not_landed' | 'unknown', detail: string) => void

export const managedMetrics = (registry: Registry): { readonly executed: Counter<'outcome'>; readonly refused: Counter } => ({
  executed: new Counter({
    name: 'quantbot_managed_executions_total',
    help: 'Transactions that the venue was to land, by what it said of them',
    labelNames: ['outcome'] as const,
    registers: [registry],
  }),
  refused: new Counter({
    name: 'quantbot_managed_orders_refused_total',
    help: 'Transactions of the venue that were not signed; the swaps were landed by ourselves',
    registers: [registry],
  }),
})

/** Blocks that a blockhash lives. */
const BLOCKHASH_BLOCKS = 150
/** The system program's AdvanceNonceAccount. */
const ADVANCE = 4

const refused = (reason: string): ManagedDraft => ({ kind: 'refused', reason })

const faultIn = ({ message }: VersionedTransaction, payer: string, wallet: string): string | undefined => {
  const keys = message.staticAccountKeys.map((key) => key.toBase58())
  if (keys[0] !== payer) return `it would be paid by ${keys[0]}`
  const stranger = keys.find((key, i) => message.isAccountSigner(i) && key !== payer && key !== wallet)
  if (stranger !== undefined) return `it asks for a signature of ${stranger}`
  const [first] = message.compiledInstructions
  const advances = first && keys[first.programIdIndex] === SystemProgram.programId.toBase58() && first.data[0] === ADVANCE
  return advances ? 'it lives by a nonce' : undefined
}

const lookupTables = async (chain: Chain, { message }: VersionedTransaction): Promise<AddressLookupTableAccount[] | undefined> => {
  const keys = message.addressTableLookups.map(({ accountKey }) => accountKey)
  if (keys.length === 0) return []
  const answer = await chain.accounts(keys.map((key) => key.toBase58()))
  if (!answer.ok) return undefined
  const tables = keys.flatMap((key, i) => {
    const image = answer.value[i]
    return image ? [new AddressLookupTableAccount({ key, state: AddressLookupTableAccount.deserialize(image.data) })] : []
  })
  return tables.length === keys.length ? tables : undefined
}
