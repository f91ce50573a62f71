import { LRUCache } from 'lru-cache'

/** Compute-unit limits by shape of transaction, learnt from simulations. */
export interface ComputeLimits {
  get(shape: string): number | undefined
  /** Notes what a simulation used and returns the limit for it. */
  learn(shape: string, used: number): number
}

/** Room for what changes between simulation and execution. */
const MARGIN = 1.2
/** Routes times pairs; a forgotten shape costs one more simulation. */
const KEPT_SHAPES = 1_000

export const createComputeLimits = (): ComputeLimits => {
  const most = new LRUCache<string, number>({ max: KEPT_SHAPES })
  const limit = (used: number) => Math.ceil(used * MARGIN)
  return {
    get: (shape) => {
      const used = most.get(shape)
      return used === undefined ? undefined : limit(used)
    },
    learn: (shape, used) => {
      const highest = Math.max(used, most.get(shape) ?? 0)
      most.set(shape, highest)
      return limit(highest)
    },
  }
}
