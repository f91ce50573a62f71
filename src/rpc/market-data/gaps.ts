import type { MarketTick } from './source.ts'

export type GapReason = 'sequence' | 'silence'

/** What is believed of a symbol: its newest tick, and whether something before it is missing. */
export interface Followed {
  readonly last: MarketTick
  /** Ticks were lost just before `last`: it shows where the market is, but decides nothing until the next one follows on it. */
  readonly gap: boolean
}

export type Judged =
  | { readonly kind: 'taken'; readonly next: Followed; readonly gap: GapReason | undefined }
  /** Was delivered before, or is older than what is known. */
  | { readonly kind: 'dropped' }

/**
 * Holds a tick against what is known of its symbol. After lost ticks the one that reveals it is not believed alone: a jump of the sequence may be
 * a jump of the price that never was. After silence the price was too old to decide anything, so the first new one ends the gap.
 */
export const judgeTick = (known: Followed | undefined, tick: MarketTick, silenceMs: number | null): Judged => {
  if (!known) return { kind: 'taken', next: { last: tick, gap: false }, gap: undefined }
  const { last } = known
  if (tick.sequence !== null && last.sequence !== null) {
    if (tick.sequence <= last.sequence) return { kind: 'dropped' }
    if (tick.sequence > last.sequence + 1) return { kind: 'taken', next: { last: tick, gap: true }, gap: 'sequence' }
  } else if (tick.time < last.time) return { kind: 'dropped' }
  const silent = silenceMs !== null && tick.time - last.time > silenceMs
  return { kind: 'taken', next: { last: tick, gap: false }, gap: silent ? 'silence' : undefined }
}
