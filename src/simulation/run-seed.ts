import { type AccountState, EMPTY_ACCOUNT } from '../commands/account/state.ts'
import { defineInstruments } from '../events/instruments.ts'
import { ensureLogId } from '../events/log-identity.ts'
import type { Instrument } from '../events/reference/reference-event.ts'
import { controlStream } from '../events/scope.ts'
import { HOUSE, parseAccountStream } from '../events/streams.ts'
import { systemIds } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { NONCES_PER_ACCOUNT, nonceSeat } from '../settlement/signing/nonce-seat.ts'
import { createBlockChain } from './chain/block-chain.ts'
import { createNodes } from './chain/nodes.ts'
import { type AccountBook, createAccountBook } from './invariants/account-book.ts'
import { createAcknowledged } from './invariants/acknowledged.ts'
import { checkRest, isBusy, restingOrders, unconfirmed } from './invariants/at-rest.ts'
import { createChainCheck } from './invariants/chain-check.ts'
import { createLimitCheck } from './invariants/limit-check.ts'
import { checkSameFold, checkSnapshot } from './invariants/same-fold.ts'
import { createStrategyCheck } from './invariants/strategy-check.ts'
import { createViolations, type Violation, type Violations } from './invariants/violations.ts'
import { createBuggify, type Fault } from './kernel/buggify.ts'
import type { Machine } from './kernel/machine.ts'
import { createRandom } from './kernel/random.ts'
import { createTimeline, type Timeline } from './kernel/timeline.ts'
import { createTrace } from './kernel/trace.ts'
import { profileOf } from './profile.ts'
import { createSharedTables } from './store/coordination.ts'
import { createMemoryLog } from './store/memory-log.ts'
import { quietStore } from './store/quiet-store.ts'
import { createClient } from './workload/client.ts'
import { startGifts } from './workload/gifts.ts'
import { cancelWithdrawal } from './workload/money.ts'
import { control, OPERATORS, scopesOf } from './workload/risk.ts'
import { openStrategies, STRATEGY_TRAFFIC } from './workload/strategies.ts'
import { startTraffic } from './workload/traffic.ts'
import { startCluster } from './world/cluster.ts'
import type { Ground } from './world/ground.ts'
import { FAUCET, KEYSTORE } from './world/keys.ts'

/** How one seed went. */
export interface SeedResult {
  readonly seed: number
  readonly commands: number
  readonly accounts: number
  /** Events of account streams, by type. */
  readonly events: Readonly<Record<string, number>>
  readonly faults: Readonly<Partial<Record<Fault, number>>>
  readonly lost: number
  readonly doubled: number
  readonly orphan: number
  readonly violations: readonly Violation[]
  readonly traceHash: string
  readonly simulatedMs: number
  readonly steps: number
}

export interface SeedOptions {
  readonly log: Logger
  /** Prints the trace to stderr. */
  readonly print?: boolean
}

/** Start of every run: a moment that means nothing. */
const START = 1_700_000_000_000
const ACCOUNTS = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel', 'india', 'juliett'] as const
/** After the last command and the last fault everything must have come to rest within this. */
const PATIENCE_MS = 10 * 60_000
const LOOK_MS = 500

/** Runs one seed from the first command until everything has come to rest, holding the invariants after every step. */
export const runSeed = async (seed: number, { log: logger, print = false }: SeedOptions): Promise<SeedResult> => {
  const profile = profileOf(seed)
  const timeline = createTimeline(START)
  const random = createRandom(seed, 1)
  const buggify = createBuggify(createRandom(seed, 2))
  const trace = createTrace(print)
  const violations = createViolations(seed, timeline.steps)
  const log = createMemoryLog()
  const slotMs = random.pick([200, 400])
  const quiet = quietStore(log, { now: () => START, sleep: async () => undefined })
  const logId = await ensureLogId(quiet, { ...systemIds, uuid: () => `00000000-0000-7000-8000-${String(seed).padStart(12, '0')}` })
  await defineInstruments(quiet, { now: () => START, sleep: async () => undefined })
  const instruments = log.all.flatMap(({ type, data }) => (type === 'InstrumentDefined' ? [data as Instrument] : []))
  const chain = createBlockChain({ seed, instruments, slotMs, timeline, random, buggify, trace })

  const books = new Map<string, AccountBook>()
  const written: Record<string, number> = {}
  const stateOf = (accountId: string): AccountState | undefined => books.get(accountId)?.state()
  const chainCheck = createChainCheck(chain, stateOf, violations)
  const acknowledged = createAcknowledged(log, violations)
  const limitCheck = createLimitCheck(violations)
  const strategyCheck = createStrategyCheck(timeline.now, violations)
  log.onAppend((events) => {
    const accountId = parseAccountStream(events[0]!.streamId)?.accountId
    for (const { streamId, revision, type, id } of events)
      if (!streamId.startsWith('snap-')) trace.note('event', streamId, revision, type, id)
    limitCheck.noted(events)
    if (profile.strategies) strategyCheck.noted(events, accountId === undefined ? undefined : stateOf(accountId))
    if (accountId === undefined) {
      for (const event of events) checkSnapshot(event, (id, revision) => books.get(id)?.stateAt(revision), violations)
      return
    }
    for (const { type } of events) written[type] = (written[type] ?? 0) + 1
    const book = books.get(accountId) ?? createAccountBook(accountId, violations)
    books.set(accountId, book)
    book.apply(events)
    chainCheck.noted(events)
  })
  chain.onNews(chainCheck.news)

  const ground: Ground = {
    timeline,
    random,
    buggify,
    trace,
    log,
    logId,
    chain,
    slotMs,
    tables: createSharedTables(),
    nodes: createNodes({ names: random.pick([['a'], ['a', 'b'], ['a', 'b', 'c']]), chain, timeline, random, buggify }),
    arrivals: random.chance(0.3),
    delivered: new Map(),
    nonceSeats: profile.durableNonces ? await seatsOf(ACCOUNTS) : new Set(),
    onSend: chainCheck.sent,
    mayDie: (machine: Machine, weight: number) => {
      if (buggify('crash', weight)) timeline.at(timeline.now() + random.below(30), () => cluster.kill(machine))
      else if (buggify('freeze', weight)) machine.freezeUntil(timeline.now() + random.between(300, 9_000))
    },
  }
  const cluster = startCluster({ ground, size: random.chance(0.3) ? 3 : 2, keystore: KEYSTORE, faucet: FAUCET, log: logger })
  const client = createClient(ground, cluster, acknowledged.told, (error) => violations.add('other', `a route threw: ${String(error)}`))
  const first = random.below(ACCOUNTS.length)
  const accounts = Array.from({ length: random.between(4, 5) }, (_, i) => ACCOUNTS[(first + i) % ACCOUNTS.length]!)
  let ids = 0
  const price = (symbol: string): number => {
    const { base, quote } = chain.state.pool(symbol)
    return (Number(quote) / Number(base)) * 1_000
  }
  const market = { random, accounts, account: stateOf, price, now: timeline.now, fresh: (kind: string) => `${kind}-${ids++}` }
  if (profile.strategies) openStrategies(client)
  const traffic = startTraffic(ground, client, market, profile.strategies ? STRATEGY_TRAFFIC : [])

  const gifts = startGifts(ground, accounts, stateOf)

  await runUntil(timeline, violations, () => traffic.over() && client.waiting() === 0)
  buggify.calm()
  const settled = () =>
    client.waiting() === 0 && gifts.booked() && accounts.every((id) => stateOf(id) === undefined || !isBusy(stateOf(id)!))
  // where nobody has stopped anything all ends by itself: no later command may be needed to wake what was forgotten
  const stopped = scopesOf(accounts).filter((scope) => log.stream(controlStream(scope)).length > 0)
  if (stopped.length === 0) await runUntil(timeline, violations, settled)
  // what operators have stopped goes on, or nothing would come to rest
  else
    for (const operator of OPERATORS) {
      for (const scope of stopped) client.send(control(scope, 'resume', operator))
      await runUntil(timeline, violations, () => client.waiting() === 0)
    }
  await runUntil(timeline, violations, settled)
  // algos first: they would go on placing slices
  for (const accountId of accounts)
    for (const algoId of stateOf(accountId)?.algos.keys() ?? [])
      client.send({ accountId, method: 'POST', path: `/v1/algos/${accountId}.${algoId}/cancel` })
  await runUntil(timeline, violations, () => settled() && accounts.every((id) => (stateOf(id)?.algos.size ?? 0) === 0))
  for (const accountId of accounts)
    for (const id of unconfirmed(stateOf(accountId) ?? EMPTY_ACCOUNT)) client.send(cancelWithdrawal(accountId, id))
  for (const accountId of accounts)
    for (const number of restingOrders(stateOf(accountId) ?? EMPTY_ACCOUNT))
      client.send({ accountId, method: 'DELETE', path: `/v1/orders/${accountId}.${number}` })
  await runUntil(timeline, violations, () => settled() && accounts.every((id) => restingOrders(stateOf(id) ?? EMPTY_ACCOUNT).length === 0))

  for (const accountId of accounts) if (stateOf(accountId)) checkRest(accountId, stateOf(accountId)!, chain, violations)
  acknowledged.atRest()
  await compareFolds()
  return {
    seed,
    commands: client.sent(),
    accounts: accounts.length,
    events: written,
    faults: buggify.counts(),
    traceHash: trace.hash(),
    violations: violations.found,
    lost: violations.count('lost'),
    doubled: violations.count('doubled'),
    orphan: violations.count('orphan'),
    simulatedMs: timeline.now() - START,
    steps: timeline.steps(),
  }

  /** What the processes hold in memory, and what a fresh one reads from snapshots, is what the whole stream says. */
  async function compareFolds(): Promise<void> {
    let done = false
    const look = async (): Promise<void> => {
      const fresh = await cluster.another()
      for (const node of [...cluster.ready(), fresh]) for (const accountId of accounts) await lookAt(node, accountId)
    }
    const lookAt = async (node: Awaited<ReturnType<typeof cluster.another>>, accountId: string): Promise<void> => {
      const full = stateOf(accountId)
      // the fresh one as well: it may have loaded the account when it started, and a timer has gone off since
      const fold = await node.handler.load(accountId, { fresh: true })
      // a timer went off meanwhile
      if (stateOf(accountId) !== full) return lookAt(node, accountId)
      checkSameFold(accountId, node.machine.name, fold, full ?? EMPTY_ACCOUNT, violations)
    }
    look().then(
      () => {
        done = true
      },
      (error: unknown) => violations.add('other', `an account could not be read at rest: ${String(error)}`),
    )
    await runUntil(timeline, violations, () => done || violations.found.some(({ invariant }) => invariant.includes('at rest:')))
  }
}

const seatsOf = async (accounts: readonly string[]): Promise<ReadonlySet<string>> => {
  const payer = KEYSTORE.wallet(HOUSE).signer.publicKey
  const seats = accounts.flatMap((accountId) => Array.from({ length: NONCES_PER_ACCOUNT }, (_, i) => nonceSeat(payer, accountId, i)))
  return new Set((await Promise.all(seats)).map(({ account }) => account))
}

/** Goes on until it is so; looks once a simulated second. */
const runUntil = async (timeline: Timeline, violations: Violations, isSo: () => boolean): Promise<void> => {
  const end = timeline.now() + PATIENCE_MS
  let look = timeline.now()
  const more = await timeline.run(() => {
    const now = timeline.now()
    if (now > end) return true
    if (now < look) return false
    look = now + LOOK_MS
    return isSo()
  })
  if (!more) return violations.add('other', 'nothing happens any more')
  if (timeline.now() > end) violations.add('other', 'it does not come to rest')
}
