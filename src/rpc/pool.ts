import { getAssociatedTokenAddressSync } from '@solana/spl-token'
import { type Connection, PublicKey, type SignatureStatus, VersionedTransaction } from '@solana/web3.js'
import { ExponentialBackoff, handleWhenResult, retry } from 'cockatiel'
import type { Registry } from '../platform/metrics.ts'
import type { Chain, ChainAnswer, FinalizedHeight, SignatureState, TokenHolder } from './chain.ts'
import { transactionErrorName } from './chain-error.ts'
import { createCallTimes, createEndpoint, type Endpoint } from './endpoint.ts'
import { readTransaction } from './transaction-meta.ts'

export interface PoolOptions {
  /** In order of preference. */
  readonly urls: readonly string[]
  readonly registry: Registry
}

/** getMultipleAccounts takes 100 keys, getSignatureStatuses 256. */
const ACCOUNTS_PER_CALL = 100
const STATUSES_PER_CALL = 256
/** The amount of a token account lies behind mint and owner. */
const TOKEN_AMOUNT_OFFSET = 64

/** A `Chain` over several endpoints: a read asks the healthiest first and fails over; its caller decides about trying again later. */
export const createChain = ({ urls, registry }: PoolOptions): Chain => {
  const times = createCallTimes(registry)
  const endpoints = urls.map((url, index) => createEndpoint(url, index, times))

  const read = <T>(method: string, run: (connection: Connection) => Promise<T>): Promise<ChainAnswer<T>> => {
    const order = [...endpoints].sort((a, b) => Number(b.health().healthy) - Number(a.health().healthy))
    // Every endpoint once, the best one twice: a single hiccup of a lone endpoint is not yet an outage.
    return retry(handleWhenResult(isUnavailable), { maxAttempts: order.length, backoff: READ_BACKOFF }).execute(({ attempt }) =>
      order[attempt % order.length]!.call(method, run),
    )
  }

  return {
    latestBlockhash: () =>
      read('getLatestBlockhash', async (connection) => {
        const { context, value } = await connection.getLatestBlockhashAndContext('confirmed')
        return { ...value, slot: context.slot }
      }),

    finalizedHeights: async () => (await Promise.all(endpoints.map(finalizedHeight))).filter((height) => height !== undefined),

    send: async (wire) => {
      const answers = await Promise.all(
        endpoints.map(async (endpoint) => ({
          endpoint: endpoint.name,
          answer: await endpoint.call('sendTransaction', (c) => c.sendRawTransaction(wire, { skipPreflight: true, maxRetries: 0 })),
        })),
      )
      return {
        accepted: answers.filter(({ answer }) => answer.ok).map(({ endpoint }) => endpoint),
        failures: answers.flatMap(({ endpoint, answer }) => (answer.ok ? [] : [{ endpoint, error: answer.error }])),
      }
    },

    statuses: (signatures, options) => {
      if (signatures.length > STATUSES_PER_CALL)
        throw new Error(`${signatures.length} signatures in one call (at most ${STATUSES_PER_CALL})`)
      return read('getSignatureStatuses', async (connection) => {
        const config = { searchTransactionHistory: options?.history === true }
        const { context, value } = await connection.getSignatureStatuses([...signatures], config)
        return { slot: context.slot, states: value.map(toState) }
      })
    },

    statusAt: async (name, signature) => {
      const endpoint = endpoints.find((known) => known.name === name)
      if (!endpoint) return { ok: false, error: { kind: 'unavailable', detail: `no endpoint ${name}` } }
      return endpoint.call('getSignatureStatuses', async (connection) => {
        const { context, value } = await connection.getSignatureStatuses([signature], { searchTransactionHistory: true })
        return { slot: context.slot, state: toState(value[0] ?? null) }
      })
    },

    transaction: (signature) =>
      read('getTransaction', async (connection) => {
        const found = await connection.getTransaction(signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 })
        return (found && readTransaction(found)) ?? null
      }),

    simulate: (wire, minSlot) =>
      read('simulateTransaction', async (connection) => {
        const { value } = await connection.simulateTransaction(VersionedTransaction.deserialize(wire), {
          commitment: 'confirmed',
          sigVerify: false,
          replaceRecentBlockhash: true,
          ...(minSlot === undefined ? {} : { minContextSlot: minSlot }),
        })
        return { error: transactionErrorName(value.err), unitsConsumed: value.unitsConsumed ?? 0, logs: value.logs ?? [] }
      }),

    tokenBalances: async (holders) => {
      const amounts: bigint[] = []
      for (let from = 0; from < holders.length; from += ACCOUNTS_PER_CALL) {
        const keys = holders.slice(from, from + ACCOUNTS_PER_CALL).map(tokenAccountOf)
        const answer = await read('getMultipleAccounts', (connection) => connection.getMultipleAccountsInfo(keys, 'confirmed'))
        if (!answer.ok) return answer
        amounts.push(...answer.value.map((account) => account?.data.readBigUInt64LE(TOKEN_AMOUNT_OFFSET) ?? 0n))
      }
      return { ok: true, value: amounts }
    },

    balance: (address) =>
      read('getBalance', async (connection) => BigInt(await connection.getBalance(new PublicKey(address), 'confirmed'))),

    // Asked of one endpoint only: a second request would give twice.
    airdrop: (address, lamports) =>
      (endpoints.find((endpoint) => endpoint.health().healthy) ?? endpoints[0]!).call('requestAirdrop', (connection) =>
        connection.requestAirdrop(new PublicKey(address), Number(lamports)),
      ),

    endpoints: () => endpoints.map((endpoint) => endpoint.health()),
    close: async () => {
      await Promise.all(endpoints.map((endpoint) => endpoint.close()))
    },
  }
}

/** The one token account of an owner that this product uses for a mint. */
export const tokenAccountOf = ({ owner, mint }: TokenHolder): PublicKey =>
  getAssociatedTokenAddressSync(new PublicKey(mint), new PublicKey(owner), true)

const READ_BACKOFF = new ExponentialBackoff({ initialDelay: 20, maxDelay: 200 })

const isUnavailable = (answer: unknown): boolean =>
  (answer as ChainAnswer<unknown>).ok === false && (answer as { error: { kind: string } }).error.kind === 'unavailable'

const finalizedHeight = async (endpoint: Endpoint): Promise<FinalizedHeight | undefined> => {
  const answer = await endpoint.call('getEpochInfo', (connection) => connection.getEpochInfo('finalized'))
  if (!answer.ok || answer.value.blockHeight === undefined) return undefined
  return { endpoint: endpoint.name, height: answer.value.blockHeight, slot: answer.value.absoluteSlot }
}

const toState = (status: SignatureStatus | null): SignatureState | null =>
  status && {
    slot: status.slot,
    // Nodes older than confirmationStatus tell finality by missing confirmations.
    commitment: status.confirmationStatus ?? (status.confirmations === null ? 'finalized' : 'processed'),
    error: transactionErrorName(status.err),
  }
