import { z } from 'zod'
import { ControlResumed, ControlResumeRequested, ControlSet } from './control-events.ts'
import { FeeScheduleDefined } from './fee-events.ts'
import { InstrumentDefined } from './instrument-events.ts'
import { LimitGranted, LimitReturned, LimitSet } from './limit-events.ts'
import { ReconciliationCompleted } from './reconciliation-events.ts'
import { ShardMapAbandoned, ShardMapCutOver, ShardMapDefined, ShardMapPrepared, ShardMapRetired } from './shard-map-events.ts'
import { StrategyDefined, StrategyStateSet } from './strategy-events.ts'

export { type Asset, INSTRUMENT_STATUSES, type Instrument, type InstrumentStatus } from './instrument-events.ts'

/** First event of the stream `log`: names this log. A consumer whose logId differs refuses to run. */
export const LogCreated = z.object({ logId: z.string() })

/** A shard that has processed a tick has seen everything below it. */
export const Tick = z.object({ at: z.number().int() })

/** Grants of an API key. Only the hash of the key is kept. */
export const KeyCreated = z.object({
  keyId: z.string(),
  keyHash: z.string(),
  scopes: z.array(z.string()),
  accounts: z.union([z.literal('*'), z.array(z.string())]),
})
export const KeyRevoked = z.object({ keyId: z.string() })

export const REFERENCE_EVENTS = {
  LogCreated,
  Tick,
  InstrumentDefined,
  KeyCreated,
  KeyRevoked,
  ShardMapDefined,
  ShardMapPrepared,
  ShardMapCutOver,
  ShardMapRetired,
  ShardMapAbandoned,
  ControlSet,
  ControlResumeRequested,
  ControlResumed,
  FeeScheduleDefined,
  StrategyDefined,
  StrategyStateSet,
  ReconciliationCompleted,
  LimitSet,
  LimitGranted,
  LimitReturned,
} as const
export type ReferenceEventType = keyof typeof REFERENCE_EVENTS
export type ReferenceEvent = {
  [T in ReferenceEventType]: { readonly type: T; readonly data: z.infer<(typeof REFERENCE_EVENTS)[T]> }
}[ReferenceEventType]
