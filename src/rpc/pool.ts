import { type Clock, systemClock } from '../platform/clock.ts'
import type { Registry } from '../platform/metrics.ts'
import { accountReads, toImage } from './account-reads.ts'
import { blockhashReads } from './blockhash-reads.ts'
import type { Chain, FinalizedHeight } from './chain.ts'
import { toChainError, toFailure, transactionErrorName } from './chain-error.ts'
import { finalizedReads } from './finalized-reads.ts'
import type { Endpoint } from './pool/endpoint.ts'
import { openEndpoints } from './pool/endpoints.ts'
import { openSubscriptions } from './pool/subscriptions.ts'
import { BooleanAnswer, EpochInfoAnswer, PrioritizationFeesAnswer, SignatureAnswer, SimulationAnswer, TransactionAnswer } from './schema.ts'
import { statusReads } from './status-reads.ts'
import { readTransaction } from './transaction-meta.ts'

export interface PoolOptions {
  /** `https://host/key#weight=2&rps=40`: weight and known limit (calls a second) are optional. */
  readonly urls: readonly string[]
  readonly registry: Registry
  readonly clock?: Clock
  /** Until it is measured, ms. */
  readonly slotMs?: number
}

const MAINNET_SLOT_MS = 400
/** getRecentPrioritizationFees takes 128 accounts. */
const PRICED_ACCOUNTS = 128

/** A `Chain` over a pool of endpoints. Reads are answered by whoever is healthy and fast; what must not fail over names its endpoint. */
export const createChain = ({ urls, registry, clock = systemClock, slotMs: expected = MAINNET_SLOT_MS }: PoolOptions): Chain => {
  const endpoints = openEndpoints({ urls, registry, clock, expectedSlotMs: expected })
  const slotMs = () => endpoints.slots.slotMs() ?? expected
  const subscriptions = openSubscriptions({ endpoints, clock, slotMs })

  const finalizedAt = async (endpoint: Endpoint): Promise<FinalizedHeight | undefined> => {
    const answer = await endpoints.readAt(endpoint, FINALIZED, EpochInfoAnswer)
    if (!answer.ok || !endpoints.slots.note(endpoint.name, 'finalized', answer.value.absoluteSlot)) return undefined
    return { endpoint: endpoint.name, height: answer.value.blockHeight, slot: answer.value.absoluteSlot }
  }

  return {
    ...accountReads(endpoints),
    ...statusReads(endpoints),
    ...blockhashReads(endpoints, slotMs),
    ...finalizedReads(endpoints),

    finalizedHeight: async () => {
      const answer = await endpoints.read(FINALIZED, EpochInfoAnswer, { commitment: 'finalized' })
      return answer.ok ? { ok: true, value: { endpoint: '', height: answer.value.blockHeight, slot: answer.value.absoluteSlot } } : answer
    },

    finalizedHeights: async () => (await Promise.all(endpoints.all().map(finalizedAt))).filter((height) => height !== undefined),

    blockhashValidAt: async (name, blockhash) => {
      const endpoint = endpoints.find(name)
      if (!endpoint) return { ok: false, error: { kind: 'unavailable', detail: `no endpoint ${name}` } }
      const call = { method: 'isBlockhashValid', params: [blockhash, { commitment: 'processed' }] }
      const answer = await endpoints.readAt(endpoint, call, BooleanAnswer)
      return answer.ok ? { ok: true, value: answer.value.value } : answer
    },

    send: async (wire, { fanout } = {}) => {
      const call = { method: 'sendTransaction', params: [Buffer.from(wire).toString('base64'), SEND_CONFIG] }
      const chosen = fanout === undefined ? endpoints.all() : endpoints.order('sendTransaction').slice(0, fanout)
      const answers = await Promise.all(
        chosen.map((endpoint) =>
          endpoint.ask(call, { ifAllowed: true }).then(
            () => ({ endpoint: endpoint.name, error: undefined }),
            (error: unknown) => ({ endpoint: endpoint.name, error: toChainError(toFailure(error)) }),
          ),
        ),
      )
      return {
        accepted: answers.filter(({ error }) => error === undefined).map(({ endpoint }) => endpoint),
        failures: answers.flatMap(({ endpoint, error }) => (error === undefined ? [] : [{ endpoint, error }])),
      }
    },

    transaction: async (signature) => {
      const config = { commitment: 'confirmed', encoding: 'base64', maxSupportedTransactionVersion: 0 }
      const answer = await endpoints.read({ method: 'getTransaction', params: [signature, config] }, TransactionAnswer)
      return answer.ok ? { ok: true, value: (answer.value && readTransaction(answer.value)) ?? null } : answer
    },

    simulate: async (wire, { minSlot, accounts = [] } = {}) => {
      const config = {
        commitment: 'confirmed',
        encoding: 'base64',
        sigVerify: false,
        replaceRecentBlockhash: true,
        ...(accounts.length === 0 ? {} : { accounts: { encoding: 'base64', addresses: accounts } }),
      }
      const call = { method: 'simulateTransaction', params: [Buffer.from(wire).toString('base64'), config] }
      const answer = await endpoints.read(call, SimulationAnswer, { commitment: 'confirmed', minSlot, minSlotAt: 1 })
      if (!answer.ok) return answer
      const { err, unitsConsumed, logs, accounts: after } = answer.value.value
      const images = accounts.map((_, i) => toImage(after?.[i]))
      return {
        ok: true,
        value: { error: transactionErrorName(err), unitsConsumed: unitsConsumed ?? 0, logs: logs ?? [], accounts: images },
      }
    },

    recentPrices: async (writable) => {
      const call = { method: 'getRecentPrioritizationFees', params: [writable.slice(0, PRICED_ACCOUNTS)] }
      const answer = await endpoints.read(call, PrioritizationFeesAnswer)
      return answer.ok ? { ok: true, value: answer.value.map(({ prioritizationFee }) => BigInt(Math.ceil(prioritizationFee))) } : answer
    },

    // Asked of one endpoint only: a second request would give twice.
    airdrop: async (address, lamports) => {
      const [endpoint] = endpoints.order('requestAirdrop')
      if (!endpoint) return { ok: false, error: { kind: 'unavailable', detail: 'no endpoint' } }
      return endpoints.readAt(endpoint, { method: 'requestAirdrop', params: [address, Number(lamports)] }, SignatureAnswer)
    },

    watch: subscriptions.watch,
    slotMs: endpoints.slots.slotMs,
    endpoints: () => endpoints.all().map((endpoint) => endpoint.health()),
    addEndpoint: (url) => endpoints.add(url).name,
    removeEndpoint: endpoints.remove,
    close: async () => {
      await subscriptions.close()
      await endpoints.close()
    },
  }
}

const FINALIZED = { method: 'getEpochInfo', params: [{ commitment: 'finalized' }] }
/** Rebroadcasting is ours: the node neither checks first nor sends again by itself. */
const SEND_CONFIG = { encoding: 'base64', skipPreflight: true, maxRetries: 0 }
