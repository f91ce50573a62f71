/** Counts of what was done to whom: faults by kind, requests by port and method. */
export interface Tally {
  count(what: string): void
  read(): Readonly<Record<string, number>>
  clear(): void
}

export const createTally = (): Tally => {
  const counts = new Map<string, number>()
  return {
    count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
    read: () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    clear: () => counts.clear(),
  }
}
