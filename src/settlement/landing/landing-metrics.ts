import { Counter, Gauge, Histogram, type Registry } from '../../platform/metrics.ts'
import { LANES, type Lane } from './lane.ts'

export type Rung = 'processed' | 'confirmed' | 'finalized'

export interface LandingMetrics {
  sent(lane: Lane, round: number): void
  /** Ms since the first send of this process. */
  reached(rung: Rung, ms: number): void
  rolledBack(from: Rung): void
}

interface Reading {
  readonly open: number
  readonly landed: number
  readonly waiting: Readonly<Record<Lane, number>>
}

/** How far signed transactions are on their way from the first send to finality. */
export const createLandingMetrics = (registry: Registry, read: () => Reading): LandingMetrics => {
  const sends = new Counter({
    name: 'quantbot_transactions_sent_total',
    help: 'Sends and rebroadcasts of signed transactions, by lane',
    labelNames: ['lane', 'kind'] as const,
    registers: [registry],
  })
  const rungs = new Histogram({
    name: 'quantbot_landing_seconds',
    help: 'From the first send to processed and confirmed, from the booking to finalized',
    labelNames: ['commitment'] as const,
    buckets: [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128],
    registers: [registry],
  })
  const rollbacks = new Counter({
    name: 'quantbot_landing_rollbacks_total',
    help: 'Signatures that were seen at a commitment and then were not',
    labelNames: ['commitment'] as const,
    registers: [registry],
  })
  new Gauge({
    name: 'quantbot_transactions_pending',
    help: 'Signed transactions without an outcome, and landed ones that are not final',
    labelNames: ['phase'] as const,
    registers: [registry],
    collect() {
      const { open, landed } = read()
      this.set({ phase: 'open' }, open)
      this.set({ phase: 'landed' }, landed)
    },
  })
  new Gauge({
    name: 'quantbot_outbox_waiting',
    help: 'Transactions that wait to be sent, by lane',
    labelNames: ['lane'] as const,
    registers: [registry],
    collect() {
      const { waiting } = read()
      for (const lane of LANES) this.set({ lane }, waiting[lane])
    },
  })
  return {
    sent: (lane, round) => sends.inc({ lane, kind: round === 0 ? 'first' : 'again' }),
    reached: (commitment, ms) => rungs.observe({ commitment }, ms / 1_000),
    rolledBack: (commitment) => rollbacks.inc({ commitment }),
  }
}
