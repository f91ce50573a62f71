import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { EventStore } from '../../src/events/store/event-store.ts'
import { accountStream } from '../../src/events/streams.ts'
import { accountHistory, random, recordable } from '../../test/integration/projections/history.ts'

/** Orders of each account: about four events an order. */
const ORDERS = 40
/** Appends under way at a time. */
const AT_ONCE = 96

export interface FilledLog {
  readonly accounts: readonly string[]
  readonly events: number
  /** Commit position of the last event of each shard. */
  readonly heads: readonly bigint[]
}

export interface FillOptions {
  /** Accounts that are written in turns; all of them where left out. Fewer need less memory: a million events are more than a gigabyte. */
  readonly open?: number
  /** Appends of a trading day that are sent as one; the fill is quicker, the events are the same. */
  readonly together?: number
}

/**
 * Fills the log with the histories of many accounts, as a trading day leaves them: appends of one to three events, accounts interleaved,
 * so that few events of a batch touch the same row.
 */
export const fillLog = async (
  store: EventStore,
  wanted: number,
  shardOf: (accountId: string) => number,
  shards: number,
  { open = Number.POSITIVE_INFINITY, together = 1 }: FillOptions = {},
): Promise<FilledLog> => {
  const below = random(17)
  const accounts: string[] = []
  let events = 0
  let planned = 0
  const heads = new Array<bigint>(shards).fill(0n)
  const left: { accountId: string; appends: ReturnType<typeof accountHistory>; next: number; revision: bigint }[] = []
  const openAccounts = (): void => {
    while (planned < wanted && left.length < open) {
      const accountId = `bench-${accounts.length}`
      const appends = accountHistory(accountId, accounts.length + 1, ORDERS)
      accounts.push(accountId)
      left.push({ accountId, appends, next: 0, revision: -1n })
      planned += appends.reduce((sum, one) => sum + one.length, 0)
    }
  }
  const worker = async (): Promise<void> => {
    for (;;) {
      openAccounts()
      const at = below(Math.max(1, left.length))
      const one = left[at]
      if (!one) return
      // taken out while its append is under way: revisions follow one another
      left[at] = left.at(-1)!
      left.pop()
      const append = one.appends
        .slice(one.next, one.next + together)
        .flat()
        .map(recordable)
      const once = () => store.append(accountStream(one.accountId), one.revision < 0n ? 'no_stream' : one.revision, append, 30_000)
      let outcome = await once()
      // a machine that is too busy to answer in time: the same ids again are the same events
      while (outcome.kind === 'unknown') outcome = await once()
      if (outcome.kind !== 'appended') throw new Error(`the log could not be filled: ${outcome.kind}`)
      one.revision += BigInt(append.length)
      events += append.length
      const shard = shardOf(one.accountId)
      if (outcome.position.commit > heads[shard]!) heads[shard] = outcome.position.commit
      one.next += together
      if (one.next < one.appends.length) left.push(one)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return { accounts, events, heads }
}

/** A log that an earlier run has filled and described in `file`, or one that is filled now. */
export const filledLog = async (file: string, fill: () => Promise<FilledLog>): Promise<FilledLog> => {
  if (existsSync(file)) {
    const { accounts, events, heads } = JSON.parse(readFileSync(file, 'utf8')) as { accounts: string[]; events: number; heads: string[] }
    return { accounts, events, heads: heads.map(BigInt) }
  }
  const log = await fill()
  writeFileSync(file, JSON.stringify({ ...log, heads: log.heads.map(String) }))
  return log
}
