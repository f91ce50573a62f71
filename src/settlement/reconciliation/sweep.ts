import { assetsOf } from '../../events/instruments.ts'
import { Counter, Gauge } from '../../platform/metrics.ts'
import type { Settling } from '../actions/settling.ts'
import type { Cursors, WatchedWallet } from '../work/cursors.ts'
import { compareWallets, walletsPerCall } from './compare.ts'
import { completeRun } from './complete-run.ts'
import { examine, type Suspects } from './examine.ts'

export interface ReconciliationSweep {
  close(): Promise<void>
}

export interface ReconciliationOptions {
  readonly settling: Settling
  readonly cursors: Cursors
  /** The slice groups whose lease this process holds now. */
  readonly held: () => readonly number[]
  /** Settlement has enough to do: a look waits. */
  readonly busy: () => boolean
  /** Between two looks. */
  readonly everyMs?: number
  /** One run is put on record for each group in each of these. */
  readonly windowMs?: number
}

/** A page of a hundred balances and its folds in each look: 100,000 accounts take about an hour, and nobody feels it. */
const EVERY_MS = 5_000
const PAGES_AT_ONCE = 4
/** Short enough to say “reconciled minutes ago”, long enough for a stream of a few hundred events a day and group. */
const WINDOW_MS = 300_000

/**
 * Compares every wallet of the groups held with its account, page by page, for as long as the process lives. Differences are looked at
 * again in each round until they are gone or on record.
 */
export const startReconciliation = (options: ReconciliationOptions): ReconciliationSweep => {
  const { settling, cursors, held, busy, everyMs = EVERY_MS, windowMs = WINDOW_MS } = options
  const { deps } = settling
  const stopping = new AbortController()
  const suspects: Suspects = new Map()
  /** Wallets with a difference that is not on record as equal again, by account. */
  const watched = new Map<string, WatchedWallet>()
  const passes = new Map<number, Pass>()
  const compared = new Counter({
    name: 'quantbot_reconciliation_balances_total',
    help: 'Balances of wallets that were compared with the ledger',
    labelNames: ['outcome'] as const,
    registers: [deps.registry],
  })
  new Gauge({
    name: 'quantbot_reconciliation_wallets_watched',
    help: 'Wallets whose balance differed from the ledger when it was last looked at',
    registers: [deps.registry],
    collect() {
      this.set(watched.size)
    },
  })
  const completed = new Gauge({
    name: 'quantbot_reconciliation_completed_timestamp_seconds',
    help: 'When every wallet of a slice group had been compared the last time',
    labelNames: ['group'] as const,
    registers: [deps.registry],
  })

  const look = async (wallets: readonly WatchedWallet[], pass: Pass | undefined): Promise<boolean> => {
    const assets = assetsOf(deps.instruments)
    const rows = await compareWallets(settling, wallets, assets)
    if (!rows) return false
    for (const wallet of wallets) watched.delete(wallet.accountId)
    for (const row of rows) {
      if (stopping.signal.aborted) return false
      const examined = row.kind === 'differs' || row.onRecord ? await examine(settling, cursors, suspects, row) : undefined
      const outcome = row.kind === 'equal' ? 'equal' : (examined ?? 'in_flight')
      compared.inc({ outcome })
      if (row.kind !== 'equal') watched.set(row.wallet.accountId, row.wallet)
      if (pass) count(pass, outcome, row.slot)
    }
    if (pass) pass.accounts += wallets.length
    return true
  }

  const lookAt = async (group: number): Promise<void> => {
    const size = walletsPerCall(assetsOf(deps.instruments))
    for (let page = 0; page < PAGES_AT_ONCE && !stopping.signal.aborted; page++) {
      const pass = passes.get(group) ?? newPass()
      passes.set(group, pass)
      const wallets = await cursors.wallets(group, pass.after, size)
      if (wallets.length > 0 && !(await look(wallets, pass))) return
      if (wallets.length < size) return finish(group, pass)
      pass.after = wallets.at(-1)!.accountId
    }
  }

  const finish = async (group: number, { after: _after, ...counted }: Pass): Promise<void> => {
    passes.delete(group)
    const at = deps.clock.now()
    completed.set({ group: String(group) }, at / 1_000)
    const window = Math.floor(at / windowMs)
    if (counted.accounts > 0) await completeRun(deps, { runId: `${group}-${window}`, group, window, windowMs, ...counted, at })
  }

  const lookAgain = async (): Promise<void> => {
    const size = walletsPerCall(assetsOf(deps.instruments))
    const again = [...watched.values()]
    for (let from = 0; from < again.length && !stopping.signal.aborted; from += size) await look(again.slice(from, from + size), undefined)
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await deps.clock.sleep(everyMs, stopping.signal).catch(() => undefined)
      const groups = held()
      if (groups.length === 0) watched.clear()
      if (stopping.signal.aborted || groups.length === 0 || busy()) continue
      const failed = (error: unknown): void => deps.log.warn({ err: error }, 'comparing wallets with the ledger failed; it goes on')
      await lookAgain().catch(failed)
      for (const group of groups) await lookAt(group).catch(failed)
    }
  }
  const running = run()

  return {
    close: async () => {
      stopping.abort(new Error('stopping'))
      await running
    },
  }
}

/** How far a look at a group's wallets has come. */
interface Pass {
  after: string
  accounts: number
  balances: number
  inFlight: number
  diverged: number
  slot: number
}

const newPass = (): Pass => ({ after: '', accounts: 0, balances: 0, inFlight: 0, diverged: 0, slot: 0 })

const count = (pass: Pass, outcome: string, slot: number): void => {
  pass.balances++
  if (outcome === 'diverged') pass.diverged++
  else if (outcome !== 'equal') pass.inFlight++
  pass.slot = Math.max(pass.slot, slot)
}
