import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../platform/config.ts'
import { systemIds } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import { readJson } from '../../platform/private-json.ts'
import { apiClient } from '../api.ts'
import { CommandFailure, columns, type Outcome } from '../outcome.ts'
import { startProduct } from '../product.ts'
import { commandConfig, liveRun, requireServices } from '../services.ts'
import { driveOrders } from './drive.ts'
import { planOrders } from './plan.ts'
import { drivePrices } from './price-driver.ts'
import { priceFeed } from './prices.ts'
import { type Verdict, verdictOf } from './verdict.ts'

export interface DemoFlags {
  readonly orders: string
  readonly accounts: string
  readonly seed?: string
  readonly prices?: string
  readonly hostile?: string
}

/** Where recorded prices lie beside a checkout; without them the demonstration walks prices of its own. */
const PRICES_BESIDE_US = '../shared/data/prices'

const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** Trades over several accounts while the price moves, then proves: all ended, ledger = chain, nothing unresolved, read models = replay. @throws CommandFailure */
export const demo = async (flags: DemoFlags, log: Logger): Promise<Outcome> => {
  const size = {
    orders: wholeNumber('--orders', flags.orders, 1, 100_000),
    accounts: wholeNumber('--accounts', flags.accounts, 1, 200),
    seed: flags.seed === undefined ? systemIds.below(2 ** 31) : wholeNumber('--seed', flags.seed, 0, 2 ** 32 - 1),
  }
  const feed = await priceFeed(flags.prices ?? process.env.QUANTBOT_DEMO_PRICES ?? PRICES_BESIDE_US, size.seed)
  say(`${size.orders} orders over ${size.accounts} accounts, seed ${size.seed}, prices from ${feed.source}`)
  const hostile = flags.hostile === undefined ? undefined : wholeNumber('--hostile', flags.hostile, 0, 2 ** 32 - 1)
  return onProduct(commandConfig(), hostile, async (config, url) => {
    const keys = (await readJson(join(config.dataDir, 'keys.json'))) as { trader?: string; operator?: string } | undefined
    if (!keys?.trader || !keys.operator) throw new CommandFailure(3, `${config.dataDir}/keys.json: no keys of the product at ${url}`)
    const { rpc } = await requireServices(config, ['rpc'])
    const prices = await drivePrices(rpc[0]!, feed, log).catch((error: unknown) => {
      throw new CommandFailure(3, `the demonstration needs the local chain: ${error instanceof Error ? error.message : String(error)}`)
    })
    const run = systemIds.bytes(4).toString('hex')
    const accounts = Array.from({ length: size.accounts }, (_, i) => `demo-${run}-${i + 1}`)
    const drive = { api: apiClient(url, keys.trader), accounts, plan: planOrders(size), prices, say }
    const ended = await driveOrders(drive).finally(prices.stop)
    say('checking the result')
    return outcomeOf(await verdictOf({ config, api: apiClient(url, keys.operator), orders: ended, log, say }))
  })
}

/** Gives `work` the product that runs on the configured data folder, else one started for it on a folder that is removed again. */
const onProduct = async (
  config: Config,
  hostile: number | undefined,
  work: (config: Config, url: string) => Promise<Outcome>,
): Promise<Outcome> => {
  const running = await liveRun(config, 'all')
  if (running?.url && hostile !== undefined)
    throw new CommandFailure(2, `--hostile: a product runs at ${running.url}; start it with QUANTBOT_HOSTILE_SEED instead`)
  if (running?.url) {
    say(`using the product at ${running.url}`)
    return work(config, running.url)
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'quantbot-demo-'))
  say('no product runs here: starting one for the demonstration')
  // broken off, it takes the product it started along (exit handler of startProduct)
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  try {
    const product = await startProduct(dataDir, hostile === undefined ? {} : { QUANTBOT_HOSTILE_SEED: String(hostile) })
    say(`started ${product.url}`)
    try {
      return await work({ ...config, dataDir }, product.url)
    } finally {
      await product.stop()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

const outcomeOf = (verdict: Verdict): Outcome => {
  const { orders, terminal, byStatus, ledgerEqualsChain, unresolved, readModelEqualsReplay } = verdict
  const holds = terminal === orders && ledgerEqualsChain && unresolved === 0 && readModelEqualsReplay
  const table = columns([
    ['orders', `${orders}, of them ended ${terminal}`],
    ...Object.entries(byStatus).map(([status, count]) => [`  ${status}`, String(count)]),
    ['ledger = chain', ledgerEqualsChain ? 'yes' : 'NO'],
    ['unresolved', String(unresolved)],
    ['read models = replay', readModelEqualsReplay ? 'yes' : 'NO'],
  ])
  return { code: holds ? 0 : 1, document: verdict, table }
}

const wholeNumber = (flag: string, text: string, least: number, most: number): number => {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most)) throw new CommandFailure(2, `${flag} ${text}: must be a whole number from ${least} to ${most}`)
  return value
}
