import { awaitingFinality, openAttempts } from '../../../src/commands/transaction/attempt-state.ts'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { startHostile } from '../../support/hostile.ts'
import { rpc } from '../solana-node/start-part.ts'
import { BORDERS, fateFor } from './landing-borders.ts'
import { openStand, type Stand, settled, until } from './stand.ts'
import { deathOf, openWorkers } from './workers.ts'

export interface KillNine {
  /** Kills, each on an order of its own and at a border of its own turn. */
  readonly rounds: number
  readonly seed: number
  readonly told?: (line: string) => void
}

export interface Killed {
  readonly rounds: number
  readonly seed: number
  /** Kills by border; `elsewhere`: the worker did not come to its border in time and was killed where it was. */
  readonly kills: Readonly<Record<string, number>>
  /** Orders that more than one signature executed. */
  readonly doubled: number
  /** Orders without an end, or executed by none. */
  readonly forgotten: number
  /** Accounts whose ledger differs from the chain, or that hold more or less than they ordered. */
  readonly unequal: number
  /** Attempts still open, or not final, at the end. */
  readonly open: number
  readonly signatures: number
}

const ACCOUNTS = 3
const LOT = 10n ** 7n
/** A worker that does not come to its border is killed where it is. Proofs wait for blockhashes to end. */
const LONGEST_LIFE_MS = 8_000
const LONGEST_PROOF_MS = 30_000
const PROFILE = {
  ports: [
    { dropSend: 0.3, nullStatus: 0.5, heightSkew: 60 },
    { lagSlots: 6, jitterMs: 10 },
    { tooMany: 0.1, retryAfterS: 0, reset: 0.03 },
  ],
  fates: { lost: 0.03, late: 0.04, ghost: 0.06, rollback: 0.06 },
}
/** For the last worker to bring everything to its end. */
const LAST_SECONDS = 240

/** Kills settlement with signal 9 at one border after the other, lets a last worker finish, and counts what the chain says of it. */
export const killNine = async ({ rounds, seed, told = () => undefined }: KillNine): Promise<Killed> => {
  const stand = await openStand()
  const { rpc: urls, slotMs } = stand.places
  const front = await startHostile({ upstream: urls[0]!, ports: PROFILE.ports.length, seed, slotMs, profile: 'calm' })
  const workers = openWorkers({ ...stand.places, rpc: front.urls })
  const kills: Record<string, number> = {}
  try {
    const funding = await stand.startWorker()
    const accounts = await Promise.all(Array.from({ length: ACCOUNTS }, () => stand.openAccount({ USDC: 100_000_000_000n })))
    await funding.close()
    for (const [port, faults] of PROFILE.ports.entries()) await front.setPort(port, faults)
    const orders: Ordered[] = []
    for (let round = 0; round < rounds; round++) {
      // Seven and the number of borders have no factor in common: neighbours differ, and all have their turn.
      const border = BORDERS[(round * 7 + seed) % BORDERS.length]!
      const fate = fateFor(border)
      await front.setFates(fate === undefined ? PROFILE.fates : { [fate]: 1 })
      const accountId = accounts[round % ACCOUNTS]!
      orders.push({ accountId, number: await stand.place(accountId, { orderQty: LOT, maxSlippageBps: 500 }) })
      const life = fate === undefined ? LONGEST_LIFE_MS : LONGEST_PROOF_MS
      const where = (await deathOf(await workers.next(border), life)) === 'itself' ? border : 'elsewhere'
      kills[where] = (kills[where] ?? 0) + 1
      told(`${round + 1}/${rounds} killed ${where === border ? border : `${where} (not ${border})`}`)
    }
    await front.setFates(PROFILE.fates)
    const last = await workers.last()
    const outcome = await judge(stand, accounts, orders, told)
    last.kill('SIGKILL')
    return { rounds, seed, kills, ...outcome }
  } finally {
    await workers.close()
    await front.close()
    await stand.close()
  }
}

interface Ordered {
  readonly accountId: string
  readonly number: number
}

const judge = async (stand: Stand, accounts: readonly string[], orders: readonly Ordered[], told: (line: string) => void) => {
  let [doubled, forgotten, unequal, open, signatures] = [0, 0, 0, 0, 0]
  for (const { accountId, number } of orders) {
    const end = await stand.ended(accountId, number, LAST_SECONDS).catch(() => undefined)
    if (end?.type !== 'TradeBooked') forgotten++
  }
  for (const accountId of accounts) {
    const rest = (state: Awaited<ReturnType<Stand['state']>>) => openAttempts(state).length + awaitingFinality(state).length
    await until(async () => rest(await stand.state(accountId)) === 0, LAST_SECONDS).catch(() => undefined)
    const state = await stand.state(accountId)
    open += rest(state)
    const own = orders.filter((order) => order.accountId === accountId)
    const bought = LOT * BigInt(own.length)
    const onChain = await stand.chainBalances(accountId)
    if (settled(state, 'SOL') !== bought || settled(state, 'USDC') !== onChain.USDC || onChain.SOL !== bought) unequal++
    const events = await stand.events(accountId)
    const signed = events.flatMap((event) => (event.type === 'TransactionSigned' && event.data.purpose === 'swap' ? [event.data] : []))
    signatures += signed.length
    for (const { number } of own) {
      const signatures = signed.filter(({ ref }) => ref === String(number)).map(({ signature }) => signature)
      const times = await executed(stand, signatures)
      if (times > 1) doubled++
      if (times === 0) forgotten++
      if (times !== 1) told(`${accountId} order ${number} was executed ${times} times:\n${storyOf(events, signatures)}`)
    }
  }
  return { doubled, forgotten, unequal, open, signatures }
}

/** What the log says of these signatures, an event a line. */
const storyOf = (events: readonly AccountEvent[], signatures: readonly string[]): string =>
  events
    .filter(({ data }) => 'signature' in data && signatures.includes(data.signature as string))
    .map(({ type, data }) => `  ${type} ${JSON.stringify(data).slice(0, STORY_CHARACTERS)}`)
    .join('\n')

/** Signature, slots, heights and proof of an event; its bytes are longer and of no help. */
const STORY_CHARACTERS = 600

/** Of these signatures, how many the chain itself executed without an error. */
const executed = async (stand: Stand, signatures: readonly string[]): Promise<number> => {
  const { result } = await rpc(stand.places.rpc[0]!, 'getSignatureStatuses', signatures, { searchTransactionHistory: true })
  return (result as { value: ({ err: unknown } | null)[] }).value.filter((status) => status && status.err === null).length
}
