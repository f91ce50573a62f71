/** What must never be, found in a run. */
export interface Violation {
  readonly seed: number
  readonly step: number
  readonly invariant: string
}

/** `lost`: something acknowledged is gone; `doubled`: something was done twice; `orphan`: funds are held for nothing. */
export type Harm = 'lost' | 'doubled' | 'orphan' | 'other'

export interface Violations {
  add(harm: Harm, invariant: string): void
  readonly found: readonly Violation[]
  count(harm: Harm): number
}

/** More of one seed say nothing new. */
const KEPT = 20

export const createViolations = (seed: number, step: () => number): Violations => {
  const found: Violation[] = []
  const counts = new Map<Harm, number>()
  return {
    found,
    count: (harm) => counts.get(harm) ?? 0,
    add: (harm, invariant) => {
      counts.set(harm, (counts.get(harm) ?? 0) + 1)
      if (found.length < KEPT) found.push({ seed, step: step(), invariant: `${harm}: ${invariant}` })
    },
  }
}
