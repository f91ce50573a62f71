import { collectDefaultMetrics, Registry } from 'prom-client'

export type { Registry } from 'prom-client'
export { Counter, Gauge, Histogram } from 'prom-client'

/** The process's own registry: every metric is created against it and served at /metrics. */
export const createRegistry = (role: string): Registry => {
  const registry = new Registry()
  registry.setDefaultLabels({ role })
  collectDefaultMetrics({ register: registry })
  return registry
}
