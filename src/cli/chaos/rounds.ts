import { systemClock } from '../../platform/clock.ts'
import { formatUnits } from '../../platform/decimal.ts'
import { isAlive } from '../../platform/process-identity.ts'
import { readRunFile } from '../../platform/runfile.ts'
import type { Api, Json } from '../api.ts'
import { isEnded } from '../demo/drive.ts'
import type { Random } from '../demo/random.ts'
import { CommandFailure } from '../outcome.ts'

/** An order that the product answered with its id. */
export interface Acked {
  readonly accountId: string
  readonly clOrdId: string
  readonly orderId: string
}

interface Round {
  readonly api: Api
  readonly accounts: readonly string[]
  readonly random: Random
  readonly round: number
  readonly dataDir: string
  readonly mainPid: number
  /** Waits for the end of the killed product and starts it again. */
  restart(): Promise<void>
}

const ORDERS = 10
/** Orders of a round are spread over this long; the kill falls somewhere within. */
const ROUND_MS = 1_500
const FUNDED_MS = 180_000
const ENDED_MS = 240_000
const POLL_MS = 250

/** `all` is the product itself with every role; the others are its parts, which it restarts. */
const VICTIMS = ['all', 'eventstore', 'postgres', 'solana', 'venue', 'hostile', 'redis'] as const

/** Places orders while one process is killed; clients ask until they have an answer. Resolves when all of them have. */
export const playRound = async (round: Round): Promise<{ readonly killed: string; readonly placed: readonly Acked[] }> => {
  const { api, accounts, random } = round
  // Drawn before anything runs, so that the seed alone decides.
  const victim = random.pick(VICTIMS)
  const killAt = random.between(0, ROUND_MS)
  const plans = Array.from({ length: ORDERS }, (_, i) => ({
    accountId: accounts[i % accounts.length]!,
    clOrdId: `r${round.round}-${i}`,
    at: random.between(0, ROUND_MS),
    body: plannedOrder(random),
  }))
  const placing = plans.map(async ({ accountId, clOrdId, at, body }): Promise<Acked[]> => {
    await systemClock.sleep(at)
    const reply = await api.persist('POST', '/v1/orders', { accountId, clOrdId, ...body })
    const { orderId } = reply.body
    if (![200, 201, 422].includes(reply.status) || typeof orderId !== 'string')
      throw new Error(`order ${clOrdId}: ${reply.status} ${JSON.stringify(reply.body)}`)
    return [{ accountId, clOrdId, orderId }]
  })
  await systemClock.sleep(killAt)
  const [killed] = await Promise.all([kill(victim, round), ...placing])
  return { killed, placed: (await Promise.all(placing)).flat() }
}

/** Opens the accounts and waits until each holds its deposits. @throws CommandFailure */
export const fundAccounts = async (api: Api, accounts: readonly string[]): Promise<void> => {
  for (const accountId of accounts) {
    await api.persist('POST', '/v1/accounts', { accountId })
    for (const { asset, amount } of FUNDS)
      await api.persist('POST', `/v1/accounts/${accountId}/deposits`, { depositId: `d-${asset}`, asset, amount })
  }
  await untilAll(accounts, FUNDED_MS, async (accountId) => {
    const { status, body } = await api.persist('GET', `/v1/accounts/${accountId}/balances`)
    const rows = status === 200 ? (body.data as readonly Json[]) : []
    return FUNDS.every(({ asset }) => rows.some((row) => row.asset === asset && row.settled !== '0'))
  }).then((left) => {
    if (left.length > 0) throw new CommandFailure(1, `the deposits of ${left.join(', ')} were not credited in ${FUNDED_MS / 1000} s`)
  })
}

/** Cancels what rests and waits until every order has ended; one that does not is the verdict's business. */
export const endRounds = async (api: Api, acked: readonly Acked[]): Promise<void> => {
  const ended = async ({ orderId }: Acked): Promise<boolean> => {
    const { status, body } = await api.persist('GET', `/v1/orders/${orderId}`)
    return status === 200 && isEnded(body.data as Json)
  }
  const resting = await untilAll(acked, REST_MS, ended)
  for (const { orderId } of resting) await api.persist('DELETE', `/v1/orders/${orderId}`)
  await untilAll(resting, ENDED_MS, ended)
}

const REST_MS = 20_000
const FUNDS = [
  { asset: 'USDC', amount: '60000' },
  { asset: 'SOL', amount: '400' },
] as const

const plannedOrder = (random: Random): object => {
  const side = random.pick(['buy', 'sell'] as const)
  const quantity = formatUnits(BigInt(random.between(10_000, 900_000)), 6)
  const common = { symbol: 'SOL/USDC', side, quantity }
  // Every fifth rests far from the market and is cancelled in the end.
  return random.next() < 0.2
    ? { ...common, type: 'limit', timeInForce: 'gtc', price: side === 'buy' ? '60' : '900' }
    : { ...common, type: 'market', timeInForce: 'ioc', maxSlippageBps: 500 }
}

/** Kill -9 of a process that lives; a product is started again, a part is restarted by its product. */
const kill = async (victim: (typeof VICTIMS)[number], { dataDir, mainPid, restart }: Round): Promise<string> => {
  if (victim === 'all') {
    process.kill(mainPid, 'SIGKILL')
    await restart()
    return victim
  }
  const run = await readRunFile(dataDir, victim)
  // Down since the last round, or not to be had on this machine (Redis).
  if (!run || (run.identity !== undefined && !isAlive(run.pid, run.identity))) return `nothing (${victim} does not run)`
  process.kill(run.pid, 'SIGKILL')
  return victim
}

/** Polls until `holds` is true of each, at most `ms`; resolves to those of which it is not. */
const untilAll = async <T>(all: readonly T[], ms: number, holds: (one: T) => Promise<boolean>): Promise<readonly T[]> => {
  const end = systemClock.now() + ms
  let left = all
  for (;;) {
    const held = await Promise.all(left.map(holds))
    left = left.filter((_, i) => !held[i])
    if (left.length === 0 || systemClock.now() > end) return left
    await systemClock.sleep(POLL_MS)
  }
}
