import type { Random } from './random.ts'

/** Every kind of fault, with how likely it is each time it could happen. */
const FAULTS = {
  // processes
  crash: 0.0004,
  freeze: 0.0002,
  clock_skew: 0.5,
  // the event store
  append_lost: 0.02,
  append_unanswered: 0.02,
  append_late: 0.015,
  append_conflict: 0,
  read_cut: 0.01,
  slow_store: 0.02,
  feed_late: 0.01,
  feed_again: 0,
  // leases and the index of open work
  index_away: 0.02,
  lease_lost: 0.01,
  // the chain
  send_dropped: 0.15,
  send_doubled: 0.1,
  late_landing: 0.06,
  fork: 0.02,
  fork_lands: 0,
  slot_skipped: 0.05,
  rpc_away: 0.02,
  rpc_behind: 0.05,
  // asked at every call while the node is sound: an episode of seconds each
  node_stuck: 0.01,
  node_lies: 0.006,
  null_status: 0.04,
  wrong_height: 0.03,
  hint_lost: 0.3,
  // the venue
  venue_away: 0.04,
  no_route: 0.02,
  price_jump: 0.02,
  // strangers
  gift: 0,
  // clients
  command_doubled: 0.1,
  command_reordered: 0.15,
  command_elsewhere: 0.25,
  client_gone: 0.05,
} as const

export type Fault = keyof typeof FAULTS

/** Whether a fault happens here and now. Counts those that do. */
export interface Buggify {
  /** `scale`: more or less likely here than elsewhere. */
  (fault: Fault, scale?: number): boolean
  /** Notes a fault that came about by itself. */
  noted(fault: Fault): void
  counts(): Readonly<Partial<Record<Fault, number>>>
  /** From now on nothing goes wrong. */
  calm(): void
  /** How loud this seed is for one kind. */
  rate(fault: Fault): number
}

/** Each seed has a mood of its own: some kinds do not happen at all, others much more often. Only so do rare combinations come up. */
export const createBuggify = (random: Random): Buggify => {
  const rates = Object.fromEntries(
    Object.entries(FAULTS).map(([kind, rate]) => [kind, random.chance(QUIET) ? 0 : rate * LOUDNESS[random.below(LOUDNESS.length)]!]),
  ) as Record<Fault, number>
  const counts: Partial<Record<Fault, number>> = {}
  let calm = false
  const noted = (fault: Fault): void => {
    counts[fault] = (counts[fault] ?? 0) + 1
  }
  const buggify = (fault: Fault, scale = 1): boolean => {
    if (calm || rates[fault] === 0 || !random.chance(Math.min(rates[fault] * scale, MOST))) return false
    noted(fault)
    return true
  }
  return Object.assign(buggify, {
    noted,
    counts: () => counts,
    calm: () => {
      calm = true
    },
    rate: (fault: Fault) => (calm ? 0 : rates[fault]),
  })
}

const QUIET = 0.35
const LOUDNESS = [0.3, 1, 1, 3] as const
/** A port that always fails tests nothing. */
const MOST = 0.6
