import { appendFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { apiClient, type Json } from '../../src/cli/api.ts'
import { type StartedProduct, startProduct } from '../../src/cli/product.ts'
import { parseUnits } from '../../src/platform/decimal.ts'
import type { RunFile } from '../../src/platform/runfile.ts'

export interface Keys {
  readonly trader: string
  readonly analyst: string
  readonly auditor: string
  readonly operator: string
}

/** A running product with its keys, spoken to over HTTP alone. */
export interface Product extends StartedProduct {
  readonly keys: Keys
}

/** Everything embedded, whatever the environment points the other tests at; short slots, so that finality comes within seconds. */
const ENVIRONMENT = {
  SOLANA_SLOT_MS: '50',
  QUANTBOT_LOG: 'error',
  EVENTSTORE_URL: '',
  DATABASE_URLS: '',
  SOLANA_RPC_URLS: '',
  VENUE_URL: '',
  REDIS_URL: '',
}

/** Where the products of a run write their log, to find out why a test failed. */
const LOG_FILE = process.env.QUANTBOT_TEST_LOG

/** Starts a product on a data folder; again on the same folder, it takes up where the last one ended. */
export const launchProduct = async (dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<Product> => {
  const started = await startProduct(dataDir, { ...ENVIRONMENT, ...(LOG_FILE ? { QUANTBOT_LOG: 'info' } : {}), ...env }, (chunk) => {
    if (LOG_FILE) appendFileSync(LOG_FILE, chunk)
  })
  return { ...started, keys: JSON.parse(await readFile(join(dataDir, 'keys.json'), 'utf8')) as Keys }
}

export const newDataFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'quantbot-e2e-'))

let shared: Promise<Product> | undefined

/** The one product that the end-to-end and contract tests of a run share; stopped when the run ends. */
export const sharedProduct = (): Promise<Product> => {
  shared ??= newDataFolder().then((dataDir) => launchProduct(dataDir))
  return shared
}

// registered with the root suite by the first test file that loads this one
after(async function stopSharedProduct() {
  this.timeout(60_000)
  const product = await shared?.catch(() => undefined)
  if (!product) return
  await product.stop()
  await rm(product.dataDir, { recursive: true, force: true })
})

/** Time for a first start with databases to be made, on a busy machine. */
export const START_MS = 150_000

export const clientOf = (product: Product, key: keyof Keys = 'trader') => apiClient(product.url, product.keys[key])

/** Polls until `probe` gives something, an error counting as not yet. @throws when time is out */
export const until = async <T>(what: string, probe: () => Promise<T | undefined | false>, ms = 60_000): Promise<T> => {
  const end = Date.now() + ms
  let last: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value) return value
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`, { cause: last })
    await sleep(100)
  }
}

/** Where a part or role of the product is to be found. */
export const runFile = async (dataDir: string, name: string): Promise<RunFile> =>
  JSON.parse(await readFile(join(dataDir, 'run', `${name}.json`), 'utf8')) as RunFile

/** Decimal strings to comparable integers. @throws for anything that is not a canonical decimal */
export const exact = (text: unknown): bigint => {
  const units = typeof text === 'string' ? parseUnits(text, 12) : undefined
  if (units === undefined) throw new Error(`not a decimal: ${JSON.stringify(text)}`)
  return units
}

const TERMINAL = new Set<unknown>(['Filled', 'Canceled', 'Rejected', 'Expired'])

/** An account with a wallet and funds. */
export const fundedAccount = async (product: Product, accountId: string, funds: Readonly<Record<string, string>>): Promise<void> => {
  const api = clientOf(product)
  const opened = await api.persist('POST', '/v1/accounts', { accountId })
  if (opened.status >= 300) throw new Error(`account: ${opened.status} ${JSON.stringify(opened.body)}`)
  for (const [asset, amount] of Object.entries(funds)) {
    const asked = await api.persist('POST', `/v1/accounts/${accountId}/deposits`, { depositId: `d-${asset}`, asset, amount })
    if (asked.status >= 300) throw new Error(`deposit: ${asked.status} ${JSON.stringify(asked.body)}`)
  }
  await until(`deposits of ${accountId}`, async () => {
    const rows = await balancesOf(product, accountId)
    return Object.entries(funds).every(([asset, amount]) => exact(rows[asset]?.settled ?? '0') >= exact(amount))
  })
}

export const balancesOf = async (product: Product, accountId: string, minPosition?: unknown): Promise<Readonly<Record<string, Json>>> => {
  const query = minPosition === undefined ? '' : `?minPosition=${String(minPosition)}`
  const { body } = await clientOf(product).persist('GET', `/v1/accounts/${accountId}/balances${query}`)
  return Object.fromEntries((body.data as Json[]).map((row) => [String(row.asset), row]))
}

/** The order once it has ended. */
export const endedOrder = (product: Product, orderId: unknown, ms = 60_000): Promise<Json> =>
  until(
    `the end of ${String(orderId)}`,
    async () => {
      const { status, body } = await clientOf(product).persist('GET', `/v1/orders/${String(orderId)}`)
      const order = body.data as Json
      return status === 200 && TERMINAL.has(order.ordStatus) && order
    },
    ms,
  )
