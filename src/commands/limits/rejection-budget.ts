/** Recorded rejections per account and minute: beyond it a refusal costs the sender a 429 and the log nothing. */
export const REJECTIONS_PER_MINUTE = 120
const WINDOW_MS = 60_000

/** `at` of the rejections that still count, oldest first, with one more. */
export const countRejection = (rejectedAt: readonly number[], at: number): readonly number[] => [
  ...rejectedAt.filter((time) => at - time < WINDOW_MS).slice(1 - REJECTIONS_PER_MINUTE),
  at,
]

/** Seconds until a rejection may be recorded again; 0 when there is budget. */
export const rejectionWait = (rejectedAt: readonly number[], at: number): number => {
  const oldest = rejectedAt.at(-REJECTIONS_PER_MINUTE)
  if (oldest === undefined || at - oldest >= WINDOW_MS) return 0
  return Math.ceil((WINDOW_MS - (at - oldest)) / 1000)
}
