import { type Verification, verifyReadModels } from '../../audit/verify.ts'
import { followInstruments } from '../../events/instruments.ts'
import { systemClock } from '../../platform/clock.ts'
import type { Config } from '../../platform/config.ts'
import { systemIds } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import type { Api, Json } from '../api.ts'
import { reconcileServices } from '../reconcile.ts'
import { requireServices, withEventStore } from '../services.ts'
import { isEnded } from './drive.ts'

/** What the demonstration proved. */
export interface Verdict {
  readonly orders: number
  readonly terminal: number
  readonly byStatus: Readonly<Record<string, number>>
  readonly ledgerEqualsChain: boolean
  readonly unresolved: number
  readonly readModelEqualsReplay: boolean
}

interface Trial {
  readonly config: Config
  /** With an operator's key. */
  readonly api: Api
  /** The last document of each order. */
  readonly orders: readonly Json[]
  readonly log: Logger
  readonly say: (line: string) => void
}

/** Finality closes an attempt's books this much later at most. */
const SETTLE_MS = 60_000
const POLL_MS = 500

export const verdictOf = async (trial: Trial): Promise<Verdict> => {
  const { config, orders, say, log } = trial
  const byStatus = countBy(orders, ({ ordStatus }) => ordStatus)
  const unfilled = orders.filter(({ text }) => text !== undefined)
  say(`why orders ended unfilled: ${JSON.stringify(countBy(unfilled, ({ text }) => text))}`)
  const unresolved = await unresolvedCompensations(trial)
  const reconciled = await reconcileServices(config, log, SETTLE_MS)
  say(`ledger and chain compared over ${reconciled.accounts} accounts: ${reconciled.differences.length} differences`)
  for (const difference of reconciled.differences.slice(0, 10)) say(`  ${JSON.stringify(difference)}`)
  const verified = await verify(trial)
  say(
    `${verified.orders} orders, ${verified.executions} executions of ${verified.accounts} accounts replayed: ${verified.differences.length} differences`,
  )
  for (const difference of verified.differences.slice(0, 10)) say(`  ${JSON.stringify(difference)}`)
  return {
    orders: orders.length,
    terminal: orders.filter(isEnded).length,
    byStatus,
    ledgerEqualsChain: reconciled.differences.length === 0,
    unresolved,
    readModelEqualsReplay: verified.differences.length === 0,
  }
}

const countBy = (orders: readonly Json[], of: (order: Json) => unknown): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const order of orders) counts[String(of(order))] = (counts[String(of(order))] ?? 0) + 1
  return counts
}

/** Of the accounts that traded here, counted at the log's head, again until there is none or time is out. */
const unresolvedCompensations = async ({ api, orders, say }: Trial): Promise<number> => {
  // A product that ran before may hold others', such as a correction that waits for its second actor.
  const own = new Set(orders.map(({ accountId }) => accountId))
  const end = systemClock.now() + SETTLE_MS
  for (;;) {
    const { body } = await api.persist('GET', '/v1/status')
    const found: Json[] = []
    for await (const row of api.rows('/v1/compensations?state=unresolved', String(body.headPosition)))
      if (own.has(row.accountId)) found.push(row)
    if (found.length === 0 || systemClock.now() > end) {
      for (const row of found.slice(0, 10)) say(`  unresolved: ${JSON.stringify(row)}`)
      return found.length
    }
    await systemClock.sleep(POLL_MS)
  }
}

const verify = async ({ config, api, log }: Trial): Promise<Verification> => {
  const { eventStore } = await requireServices(config, ['eventStore'])
  return withEventStore(eventStore, log, async (store) => {
    const stopped = new AbortController()
    try {
      const instruments = await followInstruments({ store, clock: systemClock, ids: systemIds, log, signal: stopped.signal })
      return await verifyReadModels({ store, instruments, readModels: api })
    } finally {
      stopped.abort(new Error('done'))
    }
  })
}
