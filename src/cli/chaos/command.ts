import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../platform/free-ports.ts'
import type { Logger } from '../../platform/log.ts'
import { apiClient } from '../api.ts'
import { seededRandom } from '../demo/random.ts'
import { CommandFailure, columns, type Outcome } from '../outcome.ts'
import { type StartedProduct, startProduct } from '../product.ts'
import { commandConfig } from '../services.ts'
import { endRounds, fundAccounts, playRound } from './rounds.ts'
import { checkInvariants } from './verdict.ts'

export interface ChaosFlags {
  readonly rounds: string
  readonly seed: string
}

const ACCOUNTS = 4
/** Short slots, so that a blockhash's life and finality pass within a round or two. */
const SLOT_MS = '50'

const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** Trades on a product of its own behind the hostile front while its processes are killed, then counts what should not be. @throws CommandFailure */
export const chaos = async (flags: ChaosFlags, log: Logger): Promise<Outcome> => {
  const rounds = wholeNumber('--rounds', flags.rounds, 1, 10_000)
  const seed = wholeNumber('--seed', flags.seed, 0, 2 ** 32 - 1)
  const dataDir = await mkdtemp(join(tmpdir(), 'quantbot-chaos-'))
  // The same port after every restart: a client must not need to be told.
  const [port] = await freePorts(1)
  const environment = {
    ...EMBEDDED,
    SOLANA_SLOT_MS: SLOT_MS,
    QUANTBOT_LOG: 'error',
    PORT: String(port),
    QUANTBOT_HOSTILE_SEED: String(seed),
  }
  const launch = (): Promise<StartedProduct> => startProduct(dataDir, environment)
  let product = await launch()
  try {
    const keys = JSON.parse(await readFile(join(dataDir, 'keys.json'), 'utf8')) as { trader: string; operator: string }
    const accounts = Array.from({ length: ACCOUNTS }, (_, i) => `chaos-${i + 1}`)
    const api = apiClient(product.url, keys.trader)
    await fundAccounts(api, accounts)
    say(`${rounds} rounds over ${ACCOUNTS} accounts, seed ${seed}`)
    const random = seededRandom(seed)
    const restart = async (): Promise<void> => {
      await product.ended
      product = await launch()
    }
    const acked: { readonly accountId: string; readonly clOrdId: string; readonly orderId: string }[] = []
    for (let round = 1; round <= rounds; round++) {
      const { killed, placed } = await playRound({ api, accounts, random, round, dataDir, mainPid: product.pid, restart })
      acked.push(...placed)
      say(`round ${round}: killed ${killed}, ${placed.length} orders acknowledged`)
    }
    await endRounds(api, acked)
    say('checking the result')
    const config = { ...commandConfig({ QUANTBOT_DATA: dataDir }), dataDir }
    const found = await checkInvariants({ config, api: apiClient(product.url, keys.operator), accounts, acked, log, say })
    const document = { rounds, acked: acked.length, ...found }
    const holds = Object.values(found).every((count) => count === 0)
    return { code: holds ? 0 : 1, document, table: columns(Object.entries(document).map(([what, count]) => [what, String(count)])) }
  } finally {
    await product.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Everything embedded, whatever the environment names: only what is ours may be killed. */
const EMBEDDED = { EVENTSTORE_URL: '', DATABASE_URLS: '', SOLANA_RPC_URLS: '', VENUE_URL: '', REDIS_URL: '' }

const wholeNumber = (flag: string, text: string, least: number, most: number): number => {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most)) throw new CommandFailure(2, `${flag} ${text}: must be a whole number from ${least} to ${most}`)
  return value
}
