/** State of one dependency or loop, as readiness tells it. */
export interface Health {
  /** False while this part keeps the process from serving. */
  readonly ready: boolean
  readonly detail?: string
}

/** Named probes of one process. A probe reads state that its owner keeps: it does no I/O. */
export interface HealthBoard {
  register(name: string, probe: () => Health): void
  /** Forgets a part that is no longer there. */
  remove(name: string): void
  report(): { readonly ready: boolean; readonly parts: Readonly<Record<string, Health>> }
}

export const createHealthBoard = (): HealthBoard => {
  const probes = new Map<string, () => Health>()
  return {
    register: (name, probe) => {
      probes.set(name, probe)
    },
    remove: (name) => {
      probes.delete(name)
    },
    report: () => {
      const parts: Record<string, Health> = {}
      for (const [name, probe] of probes) parts[name] = probe()
      return { ready: Object.values(parts).every((part) => part.ready), parts }
    },
  }
}
