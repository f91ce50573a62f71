/** What a seed has besides what all have: profiles of their own, for what is added to the traffic moves every seed that has it. */
export interface Profile {
  /** Traders trade by strategies, too. */
  readonly strategies: boolean
  /** Swaps live by durable nonces. */
  readonly durableNonces: boolean
}

const STRATEGY_SEEDS = 1_000_000
const NONCE_SEEDS = 2_000_000

export const profileOf = (seed: number): Profile => ({
  strategies: seed >= STRATEGY_SEEDS && seed < NONCE_SEEDS,
  durableNonces: seed >= NONCE_SEEDS,
})
