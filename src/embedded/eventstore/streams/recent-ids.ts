/** Where a recently written event stands. */
export interface WrittenAt {
  readonly stream: string
  readonly revision: number
  readonly position: number
}

/**
 * The ids by which a repeated append with ANY or STREAM_EXISTS is known: bounded, as on a real server, so a retry is answered
 * idempotently only while its events are among the last RECENT_IDS written.
 */
export interface RecentIds {
  find(idKey: string): WrittenAt | undefined
  remember(idKey: string, place: WrittenAt): void
}

/** About 200 B each, 20 MB in all; at the highest append rate it spans more than any client's retry. */
export const RECENT_IDS = 100_000

/** `isDurable` guards entries of writes still on their way to the disk: those are found nowhere else and stay. */
export const createRecentIds = (isDurable: (position: number) => boolean, capacity = RECENT_IDS): RecentIds => {
  const byId = new Map<string, WrittenAt>()
  return {
    find: (idKey) => byId.get(idKey),
    remember(idKey, place) {
      // an id written again moves to its newest place, as the newest is what a retry repeats
      byId.delete(idKey)
      byId.set(idKey, place)
      while (byId.size > capacity) {
        const [oldest, at] = byId.entries().next().value!
        if (!isDurable(at.position)) return
        byId.delete(oldest)
      }
    },
  }
}
