import { verifyReadModels } from '../../audit/verify.ts'
import { decodeAccountEvent } from '../../events/decode.ts'
import { followInstruments } from '../../events/instruments.ts'
import type { EventStore } from '../../events/store/event-store.ts'
import { accountStream } from '../../events/streams.ts'
import { systemClock } from '../../platform/clock.ts'
import type { Config } from '../../platform/config.ts'
import { parseUnits } from '../../platform/decimal.ts'
import { systemIds } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import { createRegistry } from '../../platform/metrics.ts'
import { readRunFile } from '../../platform/runfile.ts'
import { createChain } from '../../rpc/pool.ts'
import type { Api, Json } from '../api.ts'
import { isEnded } from '../demo/drive.ts'
import { CommandFailure } from '../outcome.ts'
import { reconcileServices } from '../reconcile.ts'
import { requireServices, withEventStore } from '../services.ts'
import type { Acked } from './rounds.ts'

/** What should not be; all zero where the product keeps its word. */
export interface Broken {
  /** Acknowledged orders that the log does not have. */
  readonly lost: number
  /** Orders accepted twice, filled beyond their quantity, or executed on the chain by a signature that the log holds for dead. */
  readonly doubled: number
  /** Orders without an end, and reservations that outlived their orders. */
  readonly orphan: number
  /** Balances unlike the chain's, bookings that the chain does not have, read models unlike the replay. */
  readonly diverged: number
  /** Compensations without a resolution. */
  readonly unresolved: number
}

interface Trial {
  readonly config: Config
  /** With an operator's key. */
  readonly api: Api
  readonly accounts: readonly string[]
  readonly acked: readonly Acked[]
  readonly log: Logger
  readonly say: (line: string) => void
}

/** Finality closes an attempt's books this much later at most. */
const SETTLE_MS = 90_000
const STATUSES_PER_CALL = 256

/** Holds the product's word against its log and against the chain itself, past the hostile front. @throws CommandFailure */
export const checkInvariants = async (trial: Trial): Promise<Broken> => {
  const { api, acked, say, log } = trial
  const chainUrl = (await readRunFile(trial.config.dataDir, 'solana'))?.url
  if (!chainUrl) throw new CommandFailure(3, 'the chain does not run')
  const config = { ...trial.config, solanaRpcUrls: [chainUrl] }
  const reconciled = await reconcileServices(config, log, SETTLE_MS)
  for (const difference of reconciled.differences.slice(0, 10)) say(`  ${JSON.stringify(difference)}`)
  const { eventStore } = await requireServices(config, ['eventStore'])
  return withEventStore(eventStore, log, async (store) => {
    const { body } = await api.persist('GET', '/v1/status')
    const head = String(body.headPosition)
    const orders = await allOrders(trial, head)
    const replay = await replayDifferences(store, trial)
    const chain = await againstChain(store, trial, chainUrl)
    const unresolved = await count(api, '/v1/compensations?state=unresolved', head, () => true)
    let reserved = 0
    for (const accountId of trial.accounts)
      reserved += await count(api, `/v1/accounts/${accountId}/balances`, head, (row) => row.reserved !== '0')
    const open = orders.filter((order) => !isEnded(order))
    for (const order of open.slice(0, 10)) say(`  not ended: ${JSON.stringify(order)}`)
    const known = new Set(orders.map(({ orderId, clOrdId }) => `${String(orderId)} ${String(clOrdId)}`))
    const clOrdIds = new Set(orders.map(({ accountId, clOrdId }) => `${String(accountId)} ${String(clOrdId)}`))
    return {
      lost: acked.filter(({ orderId, clOrdId }) => !known.has(`${orderId} ${clOrdId}`)).length,
      doubled: orders.length - clOrdIds.size + orders.filter(isOverfilled).length + chain.unbooked,
      orphan: open.length + reserved,
      diverged: reconciled.differences.length + replay + chain.unlanded,
      unresolved,
    }
  })
}

const allOrders = async ({ api, accounts }: Trial, head: string): Promise<Json[]> => {
  const orders: Json[] = []
  for (const accountId of accounts) for await (const row of api.rows(`/v1/accounts/${accountId}/orders`, head)) orders.push(row)
  return orders
}

const count = async (api: Api, path: string, head: string, which: (row: Json) => boolean): Promise<number> => {
  let found = 0
  for await (const row of api.rows(path, head)) if (which(row)) found++
  return found
}

const isOverfilled = ({ cumQty, orderQty }: Json): boolean => {
  const [filled, ordered] = [cumQty, orderQty].map((value) => (typeof value === 'string' ? parseUnits(value, 12) : undefined))
  return filled !== undefined && ordered !== undefined && filled > ordered
}

const replayDifferences = async (store: EventStore, { api, log, say }: Trial): Promise<number> => {
  const stopped = new AbortController()
  try {
    const instruments = await followInstruments({ store, clock: systemClock, ids: systemIds, log, signal: stopped.signal })
    const { differences } = await verifyReadModels({ store, instruments, readModels: api })
    for (const difference of differences.slice(0, 10)) say(`  ${JSON.stringify(difference)}`)
    return differences.length
  } finally {
    stopped.abort(new Error('done'))
  }
}

/** Every signature of the log against the chain: executed there and not booked here, or the other way round. */
const againstChain = async (
  store: EventStore,
  { accounts, say }: Trial,
  chainUrl: string,
): Promise<{ readonly unbooked: number; readonly unlanded: number }> => {
  const booked = new Map<string, boolean>()
  for (const accountId of accounts) {
    for await (const recorded of store.readStream(accountStream(accountId))) {
      const { type, data } = decodeAccountEvent(recorded)
      if (type === 'TransactionSigned' && !booked.has(data.signature)) booked.set(data.signature, false)
      if (type === 'TransactionLanded') booked.set(data.signature, true)
      if (type === 'TransactionVanished') booked.set(data.signature, false)
    }
  }
  const executed = await executedOf([...booked.keys()], chainUrl)
  const unbooked = [...executed].filter((signature) => !booked.get(signature))
  const unlanded = [...booked].filter(([signature, isBooked]) => isBooked && !executed.has(signature))
  say(
    `${booked.size} signatures, ${executed.size} executed: ${unbooked.length} of them not booked, ${unlanded.length} booked and not executed`,
  )
  return { unbooked: unbooked.length, unlanded: unlanded.length }
}

/** @throws CommandFailure when the chain does not answer */
const executedOf = async (signatures: readonly string[], url: string): Promise<ReadonlySet<string>> => {
  const chain = createChain({ urls: [url], registry: createRegistry('chaos') })
  const executed = new Set<string>()
  try {
    for (let from = 0; from < signatures.length; from += STATUSES_PER_CALL) {
      const part = signatures.slice(from, from + STATUSES_PER_CALL)
      const answer = await chain.statuses(part, { history: true })
      if (!answer.ok) throw new CommandFailure(3, answer.error.detail)
      for (const [i, state] of answer.value.states.entries()) if (state && state.error === null) executed.add(part[i]!)
    }
    return executed
  } finally {
    await chain.close()
  }
}
