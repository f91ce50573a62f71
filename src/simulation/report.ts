import { createHash } from 'node:crypto'
import type { Violation } from './invariants/violations.ts'
import type { SeedResult } from './run-seed.ts'

/** What `npm run sim` prints: the contract's members, and what shows that the seeds were worth running. */
export interface SimDocument {
  readonly seeds: number
  readonly first: number
  readonly commands: number
  readonly faults: Readonly<Record<string, number>>
  readonly lost: number
  readonly doubled: number
  readonly orphan: number
  readonly violations: readonly Violation[]
  readonly traceHash: string
  readonly simulatedHours: number
  readonly seconds: number
  readonly perSeed: {
    readonly leastCommands: number
    readonly leastAccounts: number
    readonly leastFaults: number
    readonly meanFaults: number
  }
  /** What the product did: events by type. */
  readonly events: Readonly<Record<string, number>>
  readonly rerun: { readonly seeds: number; readonly equal: number }
}

export interface Report {
  add(result: SeedResult): void
  done(): number
  document(seconds: number): SimDocument
}

/** Printed at most; the counts go on. */
const MOST_VIOLATIONS = 200

export const createReport = (first: number, seeds: number): Report => {
  const hashes = new Map<number, string>()
  const faults = new Map<string, number>()
  const events = new Map<string, number>()
  const violations: Violation[] = []
  const least = { commands: Number.POSITIVE_INFINITY, accounts: Number.POSITIVE_INFINITY, faults: Number.POSITIVE_INFINITY }
  const sums = { commands: 0, lost: 0, doubled: 0, orphan: 0, ms: 0, faults: 0 }
  let done = 0
  let equal = 0
  let again = 0

  const add = (result: SeedResult): void => {
    done++
    const known = hashes.get(result.seed)
    if (known !== undefined) {
      again++
      if (known === result.traceHash) equal++
      return
    }
    hashes.set(result.seed, result.traceHash)
    const count = Object.values(result.faults).reduce((sum, each) => sum + each, 0)
    for (const [fault, n] of Object.entries(result.faults)) faults.set(fault, (faults.get(fault) ?? 0) + n)
    for (const [type, n] of Object.entries(result.events)) events.set(type, (events.get(type) ?? 0) + n)
    if (violations.length < MOST_VIOLATIONS) violations.push(...result.violations)
    least.commands = Math.min(least.commands, result.commands)
    least.accounts = Math.min(least.accounts, result.accounts)
    least.faults = Math.min(least.faults, count)
    sums.commands += result.commands
    sums.lost += result.lost
    sums.doubled += result.doubled
    sums.orphan += result.orphan
    sums.ms += result.simulatedMs
    sums.faults += count
  }
  return {
    add,
    done: () => done,
    document: (seconds) => ({
      seeds: hashes.size,
      first,
      commands: sums.commands,
      faults: sorted(faults),
      lost: sums.lost,
      doubled: sums.doubled,
      orphan: sums.orphan,
      violations,
      traceHash: traceOf(hashes, first, seeds),
      simulatedHours: Math.round(sums.ms / 36_000) / 100,
      seconds: Math.round(seconds * 10) / 10,
      perSeed: {
        leastCommands: least.commands,
        leastAccounts: least.accounts,
        leastFaults: least.faults,
        meanFaults: Math.round((sums.faults / Math.max(1, hashes.size)) * 10) / 10,
      },
      events: sorted(events),
      rerun: { seeds: again, equal },
    }),
  }
}

/** One hash for all seeds, whatever order they finished in. */
const traceOf = (hashes: ReadonlyMap<number, string>, first: number, seeds: number): string => {
  const hash = createHash('sha256')
  for (let seed = first; seed < first + seeds; seed++) hash.update(`${seed} ${hashes.get(seed) ?? ''}\n`)
  return hash.digest('hex')
}

const sorted = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
