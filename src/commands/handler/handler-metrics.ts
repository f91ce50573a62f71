import { Counter, Gauge, Histogram, type Registry } from '../../platform/metrics.ts'

export type HandlerMetrics = ReturnType<typeof createHandlerMetrics>

export const createHandlerMetrics = (registry: Registry) => ({
  commands: new Counter({
    name: 'quantbot_commands_total',
    help: 'Account commands by type and answer',
    labelNames: ['type', 'answer'] as const,
    registers: [registry],
  }),
  appends: new Counter({
    name: 'quantbot_account_appends_total',
    help: 'Appends to account streams by outcome',
    labelNames: ['outcome'] as const,
    registers: [registry],
  }),
  batch: new Histogram({
    name: 'quantbot_account_append_events',
    help: 'Events in one append to an account stream',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500],
    registers: [registry],
  }),
  waiting: new Gauge({
    name: 'quantbot_commands_waiting',
    help: 'Commands in the mailboxes of this process that are not decided yet',
    registers: [registry],
  }),
  snapshots: new Counter({
    name: 'quantbot_account_snapshots_total',
    help: 'Snapshots of accounts by result',
    labelNames: ['result'] as const,
    registers: [registry],
  }),
  loads: new Counter({
    name: 'quantbot_account_loads_total',
    help: 'Accounts brought from the log because they were not in memory',
    registers: [registry],
  }),
})
