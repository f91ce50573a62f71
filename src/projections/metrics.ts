import { Counter, Gauge, Histogram, type Registry } from '../platform/metrics.ts'

/** The read side's figures; by shard where a shard can lag alone. */
export interface ProjectionMetrics {
  readonly lagEvents: Gauge<'shard'>
  readonly lagSeconds: Gauge<'shard'>
  readonly batchEvents: Histogram<'shard'>
  readonly batchSeconds: Histogram<'shard'>
  readonly events: Counter<'shard'>
  readonly rows: Counter<'table'>
  readonly parked: Counter<'shard'>
  readonly pausedStreams: Gauge<'shard'>
  readonly failures: Counter<'shard'>
  readonly cacheWrites: Counter<'outcome'>
  readonly verified: Counter<'shard'>
  readonly diverged: Counter<'shard'>
  readonly repaired: Counter<'shard'>
  readonly firstDiverging: Gauge<'shard'>
  readonly loggedEvents: Gauge<'shard'>
  readonly missingEvents: Gauge<'shard'>
  readonly headsDiffer: Gauge<'shard'>
  readonly countedPosition: Gauge<'shard'>
}

export const projectionMetrics = (registry: Registry): ProjectionMetrics => {
  const registers = [registry]
  const shard = { labelNames: ['shard'] as const, registers }
  return {
    lagEvents: new Gauge({ name: 'quantbot_projection_lag_events', help: 'Events received and not yet committed', ...shard }),
    lagSeconds: new Gauge({ name: 'quantbot_projection_lag_seconds', help: 'Age of the newest committed event at its commit', ...shard }),
    batchEvents: new Histogram({
      name: 'quantbot_projection_batch_events',
      help: 'Events committed in one transaction',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
      ...shard,
    }),
    batchSeconds: new Histogram({
      name: 'quantbot_projection_batch_seconds',
      help: 'Time of one transaction',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      ...shard,
    }),
    events: new Counter({ name: 'quantbot_projection_events_total', help: 'Events applied', ...shard }),
    rows: new Counter({ name: 'quantbot_projection_rows_total', help: 'Rows written', labelNames: ['table'], registers }),
    parked: new Counter({ name: 'quantbot_projection_parked_events_total', help: 'Events set aside behind a fault', ...shard }),
    pausedStreams: new Gauge({ name: 'quantbot_projection_paused_streams', help: 'Streams that wait for a fix', ...shard }),
    failures: new Counter({ name: 'quantbot_projection_failures_total', help: 'Batches that had to be tried again', ...shard }),
    verified: new Counter({
      name: 'quantbot_verification_accounts_total',
      help: 'Accounts replayed and held against their rows',
      ...shard,
    }),
    diverged: new Counter({
      name: 'quantbot_verification_divergences_total',
      help: 'Accounts whose rows are not what the events say',
      ...shard,
    }),
    repaired: new Counter({
      name: 'quantbot_verification_repairs_total',
      help: 'Accounts whose rows were put right by a replay',
      ...shard,
    }),
    loggedEvents: new Gauge({
      name: 'quantbot_completeness_logged_events',
      help: 'Account events of the shard, counted in the log itself up to the checked position',
      ...shard,
    }),
    missingEvents: new Gauge({
      name: 'quantbot_completeness_missing_events',
      help: 'Of these, how many the rows do not account for: 0 when nothing is lost, whatever the lag says',
      ...shard,
    }),
    headsDiffer: new Gauge({
      name: 'quantbot_completeness_heads_differ',
      help: "1 when the digest over all accounts' newest revisions is not the log's",
      ...shard,
    }),
    countedPosition: new Gauge({
      name: 'quantbot_completeness_counted_position',
      help: 'Commit position up to which the log was counted',
      ...shard,
    }),
    firstDiverging: new Gauge({
      name: 'quantbot_verification_first_diverging_position',
      help: 'Lowest commit position behind a wrong row of the account last found diverged',
      ...shard,
    }),
    cacheWrites: new Counter({
      name: 'quantbot_cache_writes_total',
      help: 'Documents sent to Redis: written, skipped (older) or dropped (Redis away or too slow)',
      labelNames: ['outcome'],
      registers,
    }),
  }
}
