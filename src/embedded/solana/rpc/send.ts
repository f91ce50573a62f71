import { VersionedTransaction } from '@solana/web3.js'
import { addressBytes } from '../accounts.ts'
import { innerInstructions, returnData } from '../execute.ts'
import type { Ledger } from '../ledger.ts'
import { isResolved, type SentTransaction } from '../message.ts'
import { BLOCKHASH_AGE, heightOf } from '../slots.ts'
import type { Simulation } from '../svm.ts'
import { describeError, type TransactionError } from '../transaction-error.ts'
import { accountInfo } from './account-methods.ts'
import { INVALID_PARAMS, type Methods, PREFLIGHT_FAILED, RpcError, SIGNATURE_FAILED } from './json-rpc.ts'
import { address, type Config, config, encodedBytes, integer, list } from './params.ts'
import type { View } from './view.ts'

export interface SendOptions {
  readonly airdrop: (to: string, lamports: number, blockhash: string) => Uint8Array
}

/** sendTransaction, simulateTransaction, requestAirdrop. A transaction is executed when it is sent: there is no queue to lose it from. */
export const sendMethods = (view: View, { airdrop }: SendOptions): Methods => {
  const { ledger } = view
  const send = (wire: Uint8Array, skipPreflight: boolean): string => {
    const sent = prepare(ledger, wire)
    if (!skipPreflight) preflight(view, sent)
    // As on a real node, a send without preflight is answered with the signature even when it can never land.
    if (!view.faults.dropSends) ledger.land(sent)
    return sent.signature
  }
  return {
    sendTransaction: ([encoded, options]) => {
      const given = config(options)
      view.commitment({ ...given, commitment: given.preflightCommitment })
      return send(wireBytes(encoded, given.encoding), given.skipPreflight === true)
    },
    simulateTransaction: ([encoded, options]) => simulate(view, encoded, config(options)),
    requestAirdrop: ([to, lamports]) => {
      const amount = integer(lamports, 'lamports')
      return send(airdrop(address(to), amount, ledger.blockhashes.of(ledger.slots.current())), false)
    },
  }
}

/** Largest transaction that fits a packet. */
const MAX_WIRE = 1_232

const wireBytes = (encoded: unknown, encoding: unknown): Uint8Array => {
  const wire = encodedBytes(encoded, encoding)
  if (wire.length > MAX_WIRE)
    throw new RpcError(
      INVALID_PARAMS,
      `decoded solana_transaction::versioned::VersionedTransaction too large: ${wire.length} bytes (max: ${MAX_WIRE} bytes)`,
    )
  return wire
}

const prepare = (ledger: Ledger, wire: Uint8Array): SentTransaction => {
  const sent = ledger.prepare(wire)
  if (isResolved(sent)) return sent
  if (sent === 'SanitizeFailure')
    throw new RpcError(INVALID_PARAMS, 'failed to deserialize solana_transaction::versioned::VersionedTransaction')
  throw preflightFailure(sent, undefined)
}

const preflight = (view: View, sent: SentTransaction) => {
  const { ledger } = view
  if (view.faults.unhealthy) throw new RpcError(-32005, 'Node is unhealthy', { numSlotsBehind: view.faults.lagSlots })
  if (ledger.history.get(sent.signature)) throw preflightFailure('AlreadyProcessed', undefined)
  if (!ledger.usable(sent, view.slot('processed'))) throw preflightFailure('BlockhashNotFound', undefined)
  const simulation = ledger.simulate(sent, true)
  if (simulation.error === 'SignatureFailure') throw new RpcError(SIGNATURE_FAILED, 'Transaction signature verification failure')
  if (simulation.error !== null) throw preflightFailure(simulation.error, simulation)
}

const preflightFailure = (error: TransactionError, simulation: Simulation | undefined) =>
  new RpcError(PREFLIGHT_FAILED, `Transaction simulation failed: ${describeError(error)}`, {
    accounts: null,
    err: error,
    logs: simulation?.logs ?? [],
    unitsConsumed: simulation?.unitsConsumed ?? 0,
    returnData: (simulation && returnData(simulation)) ?? null,
  })

const simulate = (view: View, encoded: unknown, options: Config) => {
  const { ledger } = view
  const at = view.commitment(options)
  const slot = view.slot(at)
  let wire = wireBytes(encoded, options.encoding)
  let replacement: { blockhash: string; lastValidBlockHeight: number } | undefined
  if (options.replaceRecentBlockhash === true) {
    if (options.sigVerify === true) throw new RpcError(INVALID_PARAMS, 'sigVerify may not be used with replaceRecentBlockhash')
    replacement = { blockhash: ledger.blockhashes.of(slot), lastValidBlockHeight: heightOf(slot) + BLOCKHASH_AGE }
    const sent = prepare(ledger, wire)
    sent.message.recentBlockhash = replacement.blockhash
    wire = new VersionedTransaction(sent.message, [...sent.signatures]).serialize()
  }
  const sent = prepare(ledger, wire)
  const simulation: Simulation = ledger.usable(sent, slot) ? ledger.simulate(sent, options.sigVerify === true) : NOT_FOUND
  return view.answer(at, {
    err: simulation.error,
    logs: simulation.logs,
    unitsConsumed: simulation.unitsConsumed,
    returnData: returnData(simulation) ?? null,
    accounts: simulatedAccounts(view, simulation, options),
    ...(options.innerInstructions === true ? { innerInstructions: innerInstructions(simulation) } : {}),
    ...(replacement ? { replacementBlockhash: replacement } : {}),
  })
}

const NOT_FOUND: Simulation = {
  error: 'BlockhashNotFound',
  logs: [],
  unitsConsumed: 0,
  inner: [],
  returnData: undefined,
  accounts: new Map(),
}

const simulatedAccounts = (view: View, simulation: Simulation, options: Config) => {
  const { addresses } = config(options.accounts)
  if (addresses === undefined) return null
  return list(addresses, 64).map((key) => {
    const known = address(key)
    const hex = Buffer.from(addressBytes(known)).toString('hex')
    return accountInfo(simulation.accounts.get(hex) ?? view.ledger.accounts.get(known), config(options.accounts))
  })
}
