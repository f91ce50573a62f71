import { LRUCache } from 'lru-cache'
import { HOUSE } from '../events/streams.ts'
import type { Health } from '../platform/health.ts'
import { Counter, Gauge } from '../platform/metrics.ts'
import type { EndpointHealth } from '../rpc/chain.ts'
import { createFeePolicy } from '../rpc/fees/fee-policy.ts'
import type { PriceBounds } from '../rpc/fees/price-levels.ts'
import { rpcSender } from '../rpc/send/rpc-sender.ts'
import { sendThrough } from '../rpc/send/sender.ts'
import { watchHalted } from './actions/halted.ts'
import { managedMetrics } from './actions/managed.ts'
import { createPriceWatch } from './actions/price-watch.ts'
import { createRejections } from './actions/rejections.ts'
import { runAccount } from './actions/run-account.ts'
import type { Settling } from './actions/settling.ts'
import { createOurs } from './arrivals/scan.ts'
import { startArrivals } from './arrivals/sweep.ts'
import type { SettlementDeps } from './deps.ts'
import { watchFeePayer } from './fee-payer.ts'
import { createTracker } from './landing/tracker.ts'
import { startReconciliation } from './reconciliation/sweep.ts'
import { createComputeLimits } from './signing/compute-limits.ts'
import { type GroupWorker, startGroupWorker } from './work/group-worker.ts'
import { createScheduler } from './work/scheduler.ts'
import { groupOf, SLICE_GROUPS } from './work/slice-group.ts'

export interface SettlementRole {
  /** Stops signing and sending, waits for runs under way, gives the leases back. What is open goes on wherever the leases go. */
  close(): Promise<void>
}

/** Enough to be ahead of those who bid nothing, and less than a fill is worth: mainnet's 97th percentile when this was written. */
const DEFAULT_PRICES: PriceBounds = { floor: 1_000n, cap: 2_000_000n }

/** Accounts that wait for a run: beyond it the reconciliation leaves the chain and the store to those. */
const MOST_WAITING = 500

/** Signatures of which the venue's silence is remembered: one that the chain has told of meanwhile is never asked for again. */
const SILENT_VENUES = 10_000

/** Starts settling the accounts of every slice group whose lease this process gets. Everything it knows is in the log. */
export const startSettlementRole = (deps: SettlementDeps): SettlementRole => {
  const { chain, slotMs, clock, log, registry, health, keystore, faucet, coordination, quotes } = deps
  const wake = (accountId: string): void => scheduler.wake(accountId)
  const feePayer = watchFeePayer({
    chain,
    clock,
    log,
    registry,
    signer: keystore.wallet(HOUSE).signer,
    airdrops: faucet !== undefined,
  })
  const sender = sendThrough([rpcSender(chain), ...(deps.senders ?? [])])
  const fees = createFeePolicy({ chain, bounds: deps.prices ?? DEFAULT_PRICES, clock, log, registry })
  const tracker = createTracker({ chain, sender, slotMs, clock, log, registry, wake, fared: fees.fared })
  const prices = createPriceWatch(quotes, clock, wake)
  const halted = watchHalted(deps.rules, wake)
  let stopping = false
  const settling: Settling = {
    deps,
    wake,
    feePayer,
    tracker,
    prices,
    halted,
    composing: { chain, limits: createComputeLimits(), fees, sender },
    rejections: createRejections(),
    ours: createOurs(),
    late: new Counter({
      name: 'quantbot_late_landings_total',
      help: 'Transactions that landed although they were taken to be over: their expiry was proven, or another one had done their work',
      labelNames: ['contradicts'] as const,
      registers: [registry],
    }),
    silentVenues: new LRUCache({ max: SILENT_VENUES }),
    managed: managedMetrics(registry),
  }

  const scheduler = createScheduler({
    clock,
    log,
    run: async (accountId) => {
      const worker = workers[groupOf(accountId)]
      if (!worker?.holds()) {
        tracker.release(accountId)
        prices.keep(accountId, new Set())
        return undefined
      }
      const owned = () => !stopping && worker.holds()
      const pass = await runAccount(settling, accountId, { seen: worker.seen(accountId), owned })
      if (pass.idleAt !== undefined) worker.idle(accountId, pass.idleAt)
      return pass.againMs
    },
  })
  const workers: readonly GroupWorker[] = Array.from({ length: SLICE_GROUPS }, (_, group) =>
    startGroupWorker({ group, store: deps.store, coordination, clock, log, wake }),
  )
  const held = () => workers.flatMap((worker, group) => (!stopping && worker.holds() ? [group] : []))
  const { cursors } = coordination
  const arrivals =
    cursors && startArrivals({ settling, cursors, held, ...(deps.arrivalsMs === undefined ? {} : { everyMs: deps.arrivalsMs }) })

  const busy = (): boolean => scheduler.load().waiting > MOST_WAITING
  const reconciling =
    cursors &&
    startReconciliation({ settling, cursors, held, busy, ...(deps.reconcileMs === undefined ? {} : { everyMs: deps.reconcileMs }) })

  health.register('solana', () => chainHealth(chain.endpoints()))
  health.register('venue', quotes.health)
  health.register('fee-payer', feePayer.health)
  health.register('settlement-database', coordination.health)
  new Gauge({
    name: 'quantbot_settlement_accounts',
    help: 'Accounts that wait for a run, are running, and resting orders under watch',
    labelNames: ['state'] as const,
    registers: [registry],
    collect() {
      const { waiting, running } = scheduler.load()
      this.set({ state: 'waiting' }, waiting)
      this.set({ state: 'running' }, running)
      this.set({ state: 'resting_orders' }, prices.size())
    },
  })

  return {
    close: async () => {
      stopping = true
      halted.close()
      await Promise.all([scheduler.close(), tracker.close(), feePayer.close(), arrivals?.close(), reconciling?.close()])
      await Promise.all(workers.map((worker) => worker.close()))
      await coordination.close()
    },
  }
}

/** Ready while anybody answers; one endpoint alone works, but is a lone witness when an expiry has to be proven. */
const chainHealth = (endpoints: readonly EndpointHealth[]): Health => {
  const ready = endpoints.some(({ state }) => state !== 'set_aside')
  const told = endpoints.filter(({ healthy }) => !healthy).map(({ endpoint, detail }) => `${endpoint}: ${detail}`)
  const lone = endpoints.length === 1 ? ['degraded: expiry is proven by one endpoint alone'] : []
  const detail = [...lone, ...told].join('; ')
  return detail === '' ? { ready } : { ready, detail }
}
