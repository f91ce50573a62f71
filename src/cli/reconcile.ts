import { followInstruments } from '../events/instruments.ts'
import { systemClock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { systemIds } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { createRegistry } from '../platform/metrics.ts'
import { createChain } from '../rpc/pool.ts'
import { type Reconciliation, reconcile } from '../settlement/reconcile.ts'
import { CommandFailure, columns, type Outcome } from './outcome.ts'
import { commandConfig, requireServices, withEventStore } from './services.ts'

export interface ReconcileFlags {
  /** Seconds. */
  readonly wait: string
}

/** Compares the ledger of every account with its wallet on the chain. @throws CommandFailure 2 or 3 */
export const reconcileCommand = async ({ wait }: ReconcileFlags, log: Logger): Promise<Outcome> => {
  if (!/^\d{1,4}$/.test(wait)) throw new CommandFailure(2, `--wait ${wait}: must be a number of seconds up to 9999`)
  const document = await reconcileServices(commandConfig(), log, Number(wait) * 1_000)
  const { accounts, assets, differences } = document
  const rows = differences.map((row) => [row.accountId, row.asset, row.ledger, row.chain, row.inFlight ? 'in flight' : ''])
  const found = differences.length === 0 ? 'ledger = chain' : columns([['account', 'asset', 'ledger', 'chain', ''], ...rows])
  return { code: differences.length === 0 ? 0 : 1, document, table: `${accounts} accounts, ${assets} assets\n${found}` }
}

/** Reconciles on the services of the configuration, again while there are differences and `waitMs` is not over. @throws CommandFailure 3 */
export const reconcileServices = async (config: Config, log: Logger, waitMs: number): Promise<Reconciliation> => {
  const { eventStore, rpc } = await requireServices(config, ['eventStore', 'rpc'])
  return withEventStore(eventStore, log, async (store) => {
    const stopped = new AbortController()
    const chain = createChain({ urls: rpc, registry: createRegistry('reconcile') })
    try {
      const clock = systemClock
      const instruments = await followInstruments({ store, clock, ids: systemIds, log, signal: stopped.signal })
      const end = clock.now() + waitMs
      for (;;) {
        const found = await reconcile({ store, chain, instruments, clock }).catch((error: unknown) => {
          throw new CommandFailure(3, error instanceof Error ? error.message : String(error))
        })
        if (found.differences.length === 0 || clock.now() >= end) return found
      }
    } finally {
      stopped.abort(new Error('done'))
      await chain.close()
    }
  })
}
