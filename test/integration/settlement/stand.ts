import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountCommand, OrderRequest } from '../../../src/commands/account/command.ts'
import type { AccountState, OrderState } from '../../../src/commands/account/state.ts'
import type { Executed } from '../../../src/commands/handler/account-handler.ts'
import { createAccountHandler } from '../../../src/commands/handler/create-handler.ts'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { decodeAccountEvent } from '../../../src/events/decode.ts'
import { defineInstruments, followInstruments, type InstrumentBook } from '../../../src/events/instruments.ts'
import { ensureLogId } from '../../../src/events/log-identity.ts'
import { PLAIN } from '../../../src/events/order-terms.ts'
import type { EventStore } from '../../../src/events/store/event-store.ts'
import { connectEventStore } from '../../../src/events/store/eventstore-db.ts'
import { accountStream } from '../../../src/events/streams.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { claimDataFolder } from '../../../src/platform/data-folder.ts'
import { createHealthBoard } from '../../../src/platform/health.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { migrateToLatest } from '../../../src/platform/migrations.ts'
import { createPool, type Pool } from '../../../src/platform/postgres.ts'
import { superviseParts } from '../../../src/platform/supervisor.ts'
import { createChain } from '../../../src/rpc/pool.ts'
import { createJupiterVenue } from '../../../src/rpc/venue/jupiter.ts'
import { createQuotes } from '../../../src/rpc/venue/quotes.ts'
import type { SettlementDeps } from '../../../src/settlement/deps.ts'
import { openFaucet } from '../../../src/settlement/faucet.ts'
import { deriveKeystore } from '../../../src/settlement/keystore/keystore.ts'
import { type SettlementRole, startSettlementRole } from '../../../src/settlement/role.ts'
import { postgresCoordination } from '../../../src/settlement/work/coordination.ts'
import { databaseUrls, solana, venueUrl } from '../../support/services.ts'

const clock = systemClock
const ids = systemIds
const log = createLog('test', process.env.QUANTBOT_LOG ?? 'silent')
/** As the shared chain of the tests runs. */
const SLOT_MS = 50

/** A whole settlement worker over the embedded services, on a log of its own: it settles every account it finds. */
export interface Stand {
  readonly store: EventStore
  readonly instruments: InstrumentBook
  /** Where a worker in a process of its own finds the same services. */
  readonly places: Places
  eventStorePid(): number
  /** Where leases and the index of open work are. */
  readonly pool: Pool
  /** The last worker's ports. */
  deps(): SettlementDeps
  /** Starts a worker; `change` puts something between it and its ports. */
  startWorker(change?: (deps: SettlementDeps) => SettlementDeps): Promise<SettlementRole>
  /** Issues a trader's command. */
  command(accountId: string, command: AccountCommand): Promise<Executed>
  openAccount(funds?: Partial<Record<'USDC' | 'SOL' | 'BONK', bigint>>): Promise<string>
  /** Places an order and returns its number. */
  place(accountId: string, order: Partial<OrderRequest>, reference?: string): Promise<number>
  state(accountId: string): Promise<AccountState>
  events(accountId: string): Promise<AccountEvent[]>
  /** The order's last event that ended it, with its type; waits for it. */
  ended(accountId: string, number: number, seconds?: number): Promise<AccountEvent>
  setPrice(symbol: string, price: string): Promise<void>
  /** The mid as the worker knows it. */
  mid(symbol: string): string | undefined
  chainBalances(accountId: string): Promise<Record<string, bigint>>
  close(): Promise<void>
}

export interface Places {
  readonly eventStore: string
  readonly database: string
  /** The wallets' seed, in hex: a keystore costs a second of processor to open, on purpose (test/unit/settlement/keystore.test.ts opens it). */
  readonly seed: string
  readonly faucetFile: string
  readonly venue: string
  /** The chain's own endpoints. */
  readonly rpc: readonly string[]
  readonly slotMs: number
}

export const openStand = async (): Promise<Stand> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'qb-settlement-'))
  await claimDataFolder(dataDir)
  const supervisor = superviseParts({ dataDir, log })
  const started = await supervisor.start({
    name: 'eventstore',
    entry: 'embedded/eventstore/main',
    args: ([port]) => ['--db', join(dataDir, 'eventstore'), '--node-ip', '127.0.0.1', '--node-port', String(port), '--insecure'],
    env: { QUANTBOT_LOG: 'error' },
  })
  if (!started.ok) throw new Error(started.reason)
  const eventStore = `esdb://127.0.0.1:${started.announcement.port}?tls=false`
  const store = await connectEventStore({ url: eventStore, log, clock })
  const logId = await ensureLogId(store, ids)
  await defineInstruments(store, clock)
  const stopping = new AbortController()
  const instruments = await followInstruments({ store, clock, ids, log, signal: stopping.signal } as Parameters<
    typeof followInstruments
  >[0])
  const [database] = await databaseUrls(1)
  await migrateToLatest(database!, log)
  const pool = createPool(database!, { name: 'settlement-test', log })
  const { urls, db } = await solana()
  const seed = ids.bytes(32)
  const keystore = deriveKeystore(seed)
  const faucetFile = join(db, 'faucet.json')
  const faucet = await openFaucet(faucetFile)
  const clientRegistry = createRegistry('client')
  const chain = createChain({ urls, registry: clientRegistry })
  const venue = createJupiterVenue({ url: await venueUrl(), apiKey: undefined, registry: clientRegistry })
  const quotes = createQuotes({ venue, instruments, clock, log, pollMs: 50 })
  const traders = createAccountHandler({ store, clock, ids, log, registry: clientRegistry, logId })
  const roles: (() => Promise<void>)[] = []
  let current: SettlementDeps | undefined
  let count = 0

  const command = (accountId: string, given: AccountCommand): Promise<Executed> => {
    const commandId = ids.uuid()
    return traders.execute(accountId, given, {
      commandId,
      correlationId: commandId,
      causationId: commandId,
      actor: 'test',
      time: clock.now(),
    })
  }
  const state = (accountId: string) => traders.load(accountId, { fresh: true })
  const events = async (accountId: string): Promise<AccountEvent[]> => {
    const all: AccountEvent[] = []
    for await (const event of store.readStream(accountStream(accountId))) all.push(decodeAccountEvent(event))
    return all
  }

  const setPrice = async (symbol: string, price: string): Promise<void> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'quantbot_setPoolPrice', params: [{ symbol, price }] })
    const response = await fetch(urls[0]!, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const answer = (await response.json()) as { error?: { message: string } }
    if (answer.error) throw new Error(answer.error.message)
  }

  return {
    pool,
    ...{ store, instruments, command, state, events, setPrice },
    places: {
      eventStore,
      database: database!,
      seed: Buffer.from(seed).toString('hex'),
      faucetFile,
      venue: await venueUrl(),
      rpc: urls,
      slotMs: SLOT_MS,
    },
    mid: (symbol) => quotes.mid(symbol)?.price,
    eventStorePid: () => readPid(join(dataDir, 'run', 'eventstore.json')),
    deps: () => current!,
    startWorker: async (change = (deps) => deps) => {
      const registry = createRegistry('settlement')
      const handler = createAccountHandler({ store, clock, ids, log, registry, logId })
      current = {
        ...{ store, handler, chain, venue, quotes, instruments, keystore, faucet, logId, clock, ids, log, registry },
        slotMs: SLOT_MS,
        coordination: postgresCoordination({ pool, logId, owner: 'test', clock, log }),
        health: createHealthBoard(),
      }
      const role = startSettlementRole(change(current))
      let open = true
      const close = async () => {
        if (!open) return
        open = false
        await role.close()
        await handler.close()
      }
      roles.push(close)
      return { close }
    },
    openAccount: async (funds = {}) => {
      const accountId = `s-${ids.uuid().slice(-8)}-${++count}`
      await command(accountId, { type: 'OpenAccount', accountId })
      for (const [asset, amount] of Object.entries(funds)) {
        const known = instruments.byAsset(asset)
        if (known) await command(accountId, { type: 'RequestDeposit', depositId: `d-${asset}`, asset: known, amount })
      }
      await until(async () => (await state(accountId)).balances.size === Object.keys(funds).length)
      return accountId
    },
    place: async (accountId, order, reference) => {
      const request: OrderRequest = {
        ...{ clOrdId: ids.uuid(), symbol: 'SOL/USDC', side: 'buy', type: 'market', timeInForce: 'ioc' },
        ...{ orderQty: null, cashOrderQty: null, price: null, maxSlippageBps: 100 },
        ...PLAIN,
        ...order,
      }
      const mid = await until(async () => quotes.mid(request.symbol))
      const executed = await command(accountId, {
        type: 'PlaceOrder',
        request,
        instrument: instruments.bySymbol(request.symbol)!,
        reference: reference === undefined ? mid : { ...mid, price: reference },
        route: 'available',
      })
      if (executed.kind !== 'answered' || executed.answer.kind !== 'order')
        throw new Error(`not placed: ${JSON.stringify(executed.kind === 'answered' ? executed.answer : executed)}`)
      return Number(executed.answer.order.orderId.split('.').at(-1))
    },
    ended: (accountId, number, seconds) => {
      const orderId = `${accountId}.${number}`
      return until(
        async () =>
          // The store may be down for a moment: that is what some tests are about.
          (await events(accountId).catch(() => [])).find(
            ({ type, data }) =>
              (type === 'OrderCanceled' && data.orderId === orderId) ||
              (type === 'TradeBooked' && data.orderId === orderId && data.ordStatus === 'Filled'),
          ),
        seconds,
      )
    },
    chainBalances: async (accountId) => {
      const owner = (await state(accountId)).wallet?.publicKey ?? ''
      const assets = ['SOL', 'USDC', 'BONK'].map((asset) => instruments.byAsset(asset)!)
      const answer = await chain.tokenBalances(assets.map(({ mint }) => ({ owner, mint })))
      if (!answer.ok) throw new Error(answer.error.detail)
      return Object.fromEntries(assets.map(({ asset }, i) => [asset, answer.value[i]!]))
    },
    close: async () => {
      for (const close of roles) await close()
      // The chain is shared: leave its price as it was founded.
      await setPrice('SOL/USDC', '150')
      stopping.abort()
      await quotes.close()
      await traders.close()
      await Promise.all([chain.close(), venue.close(), pool.end(), store.close()])
      await supervisor.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

const readPid = (file: string): number => (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid

/** Units that the fold says an account has, reserved ones included. */
export const settled = (state: AccountState, asset: string): bigint => {
  const balance = state.balances.get(asset)
  return (balance?.available ?? 0n) + (balance?.reserved ?? 0n)
}

export const orderOf = (state: AccountState, number: number): OrderState | undefined => state.orders.get(number)

export const until = async <T>(attempt: () => Promise<T | false | null | undefined>, seconds = 30): Promise<T> => {
  for (const end = Date.now() + seconds * 1_000; Date.now() < end; ) {
    const value = await attempt()
    if (value) return value
    await clock.sleep(20)
  }
  throw new Error(`it did not happen in ${seconds} s`)
}
