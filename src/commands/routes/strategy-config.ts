import { z } from 'zod'

/** A configuration is read by people and kept for ever: what is larger belongs elsewhere, and is cited by its hash. */
const MOST_CONFIG_CHARS = 16_384
/** Text is parsed at any depth, but what writes, sorts and hashes it again descends, and a stack ends after some thousand levels. */
const DEEPEST = 32

/** The configuration of a strategy, a JSON object of reasonable size and depth. */
export const ConfigField = z
  .record(z.string(), z.unknown())
  .refine(isShallow, { error: `must not nest deeper than ${DEEPEST} levels`, abort: true })
  .refine((config) => JSON.stringify(config).length <= MOST_CONFIG_CHARS, `must be at most ${MOST_CONFIG_CHARS} characters`)

/** Level by level, without a stack of its own. */
function isShallow(config: object): boolean {
  let level: readonly object[] = [config]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > DEEPEST) return false
    level = level.flatMap((one) => Object.values(one).filter((value): value is object => typeof value === 'object' && value !== null))
  }
  return true
}
