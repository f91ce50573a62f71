export type Commitment = 'processed' | 'confirmed' | 'finalized'

/** How far each endpoint is, told by every answer with a slot in it. Lag is measured in slots against the others, never by the clock. */
export interface SlotBook {
  /** An endpoint said it is at this slot. False: implausible against all others; the answer is not to be used. */
  note(endpoint: string, commitment: Commitment, slot: number): boolean
  /** Slots behind the tip; 0 where nothing is known. */
  lag(endpoint: string): number
  /** It claims slots that none of the others has reached: nothing it says of slots and heights is believed. */
  isAhead(endpoint: string): boolean
  /** Lowest slot that an answer at this commitment may be of, so that reads do not go back in time. */
  watermark(commitment: Commitment): number
  /** Measured time of a slot, ms; undefined until slots have gone by. */
  slotMs(): number | undefined
  forget(endpoint: string): void
}

/** Further behind than this is lagging: a node's usual distance to its peers is a few slots. */
export const MAX_LAG_SLOTS = 8
/** Nobody is this far before all others but by error: the endpoint's slots and heights are not believed. */
const AHEAD_SLOTS = 64
/** With three to ask, one alone can't move the tip. Of two, a sudden jump tells who is wrong; else it is the one behind, as it is far more often. */
const ENOUGH_TO_OUTVOTE = 3
/** A shorter stretch measures the timers, not the chain. */
const MEASURE_MS = 1_000

interface Sample {
  readonly slot: number
  readonly at: number
}

export const createSlotBook = (now: () => number, expectedSlotMs: number): SlotBook => {
  const samples = new Map<Commitment, Map<string, Sample>>()
  const watermarks = new Map<Commitment, number>()
  const ahead = new Set<string>()
  /** What was refused: no news of where the chain is while one alone says it, and the end of a stall when a second one does. */
  const claims = new Map<string, Sample>()
  let measured: number | undefined
  let measuredFrom: Sample | undefined
  const slotMs = () => measured ?? expectedSlotMs

  /** Where an endpoint is now if it went on as all do. */
  const projected = ({ slot, at }: Sample): number => slot + (now() - at) / slotMs()

  const tip = (commitment: Commitment, besides?: string): number | undefined => {
    const known = [...(samples.get(commitment) ?? [])].filter(([name]) => name !== besides).map(([, sample]) => projected(sample))
    if (known.length === 0) return undefined
    known.sort((a, b) => b - a)
    return known.length + (besides === undefined ? 0 : 1) >= ENOUGH_TO_OUTVOTE ? known[besides === undefined ? 1 : 0] : known[0]
  }

  const measure = (slot: number): void => {
    const at = now()
    if (!measuredFrom || slot < measuredFrom.slot) measuredFrom = { slot, at }
    const passed = slot - measuredFrom.slot
    if (at - measuredFrom.at < MEASURE_MS || passed < 2) return
    const fresh = (at - measuredFrom.at) / passed
    measured = measured === undefined ? fresh : measured + 0.3 * (fresh - measured)
    measuredFrom = { slot, at }
  }

  return {
    note: (endpoint, commitment, slot) => {
      const ofCommitment = samples.get(commitment) ?? new Map<string, Sample>()
      const before = ofCommitment.get(endpoint)
      // Nothing is confirmed or final beyond what has been processed, and that everybody is probed for.
      const fronts = [tip('processed', endpoint), tip(commitment, endpoint)].filter((front) => front !== undefined)
      const claimed = [...claims].filter(([name]) => name !== endpoint).map(([, claim]) => projected(claim))
      const others = fronts.length === 0 ? undefined : Math.max(...fronts, ...claimed)
      const heard = new Set([...(samples.get('processed')?.keys() ?? []), ...ofCommitment.keys(), endpoint])
      const outvoted = heard.size >= ENOUGH_TO_OUTVOTE
      const jumped = before !== undefined && slot > projected(before) + AHEAD_SLOTS
      if (others !== undefined && slot > others + AHEAD_SLOTS && (outvoted || jumped)) {
        ahead.add(endpoint)
        claims.set(endpoint, { slot, at: now() })
        return false
      }
      ahead.delete(endpoint)
      claims.delete(endpoint)
      // Answers overtake each other: an older one is no step back, unless it is far back.
      if (!before || slot >= before.slot || before.slot - slot > MAX_LAG_SLOTS) ofCommitment.set(endpoint, { slot, at: now() })
      samples.set(commitment, ofCommitment)
      if (slot > (watermarks.get(commitment) ?? 0)) {
        watermarks.set(commitment, slot)
        if (commitment === 'processed') measure(slot)
      }
      return true
    },
    lag: (endpoint) => {
      let worst = 0
      for (const [commitment, known] of samples) {
        const own = known.get(endpoint)
        const front = tip(commitment)
        if (own && front !== undefined) worst = Math.max(worst, front - projected(own))
      }
      return Math.round(worst)
    },
    isAhead: (endpoint) => ahead.has(endpoint),
    watermark: (commitment) => Math.max(0, (watermarks.get(commitment) ?? 0) - MAX_LAG_SLOTS),
    slotMs: () => measured,
    forget: (endpoint) => {
      for (const known of samples.values()) known.delete(endpoint)
      ahead.delete(endpoint)
      claims.delete(endpoint)
    },
  }
}
