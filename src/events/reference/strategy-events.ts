import { z } from 'zod'
import { At } from '../fields.ts'

/** Draft → Validated → Paper → Live ↔ Paused → Stopped. Only a Live one places orders. */
const STRATEGY_STATES = ['Draft', 'Validated', 'Paper', 'Live', 'Paused', 'Stopped'] as const
export type StrategyState = (typeof STRATEGY_STATES)[number]

/** A version of a strategy's configuration, which makes it a Draft. */
export const StrategyDefined = z.object({
  strategyId: z.string(),
  version: z.number().int().positive(),
  config: z.record(z.string(), z.unknown()),
  /** SHA-256 (hex) of the configuration with sorted keys. */
  configHash: z.string(),
  by: z.string(),
  at: At,
})

/** The strategy came to another state, with the configuration that it did so with. */
export const StrategyStateSet = z.object({
  strategyId: z.string(),
  state: z.enum(STRATEGY_STATES),
  version: z.number().int().positive(),
  configHash: z.string(),
  by: z.string(),
  at: At,
})
