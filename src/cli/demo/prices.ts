import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { seededRandom } from './random.ts'

/** Prices of SOL in USDC, one after the other, and where they come from. */
export interface PriceFeed {
  readonly source: string
  /** At least one. */
  readonly prices: readonly string[]
}

/** Recorded minutes are named so; the newest file is taken. */
const RECORDED = /^sol_usdt_perp_binance_1m_.*\.csv\.gz$/
/** Prices of one demonstration: an hour of minutes is more than it lasts. */
const LENGTH = 2_000

/** Recorded closes from a folder (`ts_ms,open,high,low,close,volume`), else a seeded walk of our own. */
export const priceFeed = async (folder: string, seed: number): Promise<PriceFeed> => {
  const names = await readdir(folder).catch(() => [])
  const file = names
    .filter((name) => RECORDED.test(name))
    .sort()
    .at(-1)
  const prices = file === undefined ? [] : await recorded(join(folder, file), seed)
  return prices.length > 0 ? { source: file!, prices } : { source: 'a seeded walk', prices: walk(seed) }
}

const recorded = async (file: string, seed: number): Promise<string[]> => {
  const text = (await promisify(gunzip)(await readFile(file))).toString('utf8')
  const closes = text
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')[4] ?? '')
    .filter((close) => /^\d+(\.\d+)?$/.test(close))
  const from = closes.length <= LENGTH ? 0 : seededRandom(seed).between(0, closes.length - LENGTH)
  return closes.slice(from, from + LENGTH)
}

/** Steps of up to 15 basis points around 150, in cents. */
const walk = (seed: number): string[] => {
  const random = seededRandom(seed)
  let cents = 15_000
  return Array.from({ length: LENGTH }, () => {
    cents = Math.max(1_000, Math.round(cents * (1 + (random.next() - 0.5) * 0.003)))
    return (cents / 100).toFixed(2)
  })
}
