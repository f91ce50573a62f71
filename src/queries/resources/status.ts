import { z } from 'zod'
import type { EventStore, Position } from '../../events/store/event-store.ts'
import { parseAccountStream } from '../../events/streams.ts'
import { type Refusal, refusal } from '../../platform/http/problem.ts'
import { ok, type Reply, type Route, refuse, route } from '../../platform/http/route.ts'
import { BEFORE_ALL, isAfter } from '../../projections/writing/checkpoint.ts'
import { type ReaderDeps, reading } from '../reader.ts'
import type { Shard } from '../shards/shards.ts'

/** Events counted at most: a shard further behind is told as behind by that many. */
const MOST_COUNTED = 5_000
/** Asked more often, the last answer is given again. */
const FRESH_MS = 200

const STATE = {
  name: 'status',
  text: `
    SELECT c.commit_position AS "commit", c.prepare_position AS "prepare", (SELECT count(*) FROM paused_streams) AS "paused",
      k.checked_position AS "checked", k.missing, k.equal
    FROM checkpoint c LEFT JOIN completeness k USING (shard, map_version) WHERE c.shard = $1`,
}

interface ShardState {
  readonly shard: Shard
  readonly position: Position
  readonly paused: bigint
  /** Undefined before the first count. */
  readonly completeness: Completeness | undefined
}

/** What the projector's count of the log found last. */
interface Completeness {
  readonly position: string
  readonly missingEvents: number
  /** Whether every account's newest revision is the log's. */
  readonly equal: boolean
}

/** GET /v1/status: the log, its head, and how far behind each shard is in events of its own. */
export const statusRoute = (deps: ReaderDeps): Route => {
  let last: { readonly at: number; readonly reply: Promise<Reply> } | undefined
  return route({
    method: 'GET',
    path: '/v1/status',
    scope: 'any',
    query: z.strictObject({}),
    handle: () => {
      const now = deps.clock.now()
      if (!last || now - last.at >= FRESH_MS) last = { at: now, reply: status(deps) }
      return last.reply
    },
  })
}

const status = async (deps: ReaderDeps): Promise<Reply> => {
  const states = await Promise.all(deps.shards.map(stateOf))
  const refused = states.find((state) => 'refusal' in state)
  if (refused && 'refusal' in refused) return refused
  const shards = states.flatMap((state) => ('refusal' in state ? [] : [state]))
  const read = await lagOf(deps, shards).catch(() => undefined)
  if (!read) return refuse('not_ready', 'the event store does not answer')
  return ok({
    logId: deps.logId,
    headPosition: String(read.head),
    shards: shards.map(({ shard, position, paused, completeness }) => ({
      shard: shard.shard,
      position: String(position.commit < 0n ? 0n : position.commit),
      lagEvents: read.lag.get(shard) ?? 0,
      ...(paused > 0n ? { pausedStreams: Number(paused) } : {}),
      ...(completeness ? { completeness } : {}),
    })),
  })
}

const stateOf = (shard: Shard): Promise<ShardState | { readonly refusal: Refusal }> =>
  reading<ShardState | { readonly refusal: Refusal }>(shard, async () => {
    const { rows } = await shard.pool.query<StateRow>({ ...STATE, values: [shard.shard] })
    const row = rows[0]
    if (!row) return { refusal: refusal('not_ready', 'the read model has not been started yet') }
    return { shard, position: { commit: row.commit, prepare: row.prepare }, paused: row.paused, completeness: completenessOf(row) }
  })

interface StateRow {
  readonly commit: bigint
  readonly prepare: bigint
  readonly paused: bigint
  readonly checked: bigint | null
  readonly missing: bigint | null
  readonly equal: boolean | null
}

const completenessOf = ({ checked, missing, equal }: StateRow): Completeness | undefined =>
  checked === null ? undefined : { position: String(checked), missingEvents: Number(missing), equal: equal === true }

/** Counts, in the log itself, what each shard has not processed: true also when its projector is dead. */
const lagOf = async ({ store, shardOf }: ReaderDeps, states: readonly ShardState[]) => {
  const head = (await store.head()).commit
  const lag = new Map<Shard, number>()
  const from = states.map((state) => state.position).reduce((a, b) => (isAfter(a, b) ? b : a))
  for await (const event of eventsAfter(store, from)) {
    const account = parseAccountStream(event.streamId)
    if (!account) continue
    const state = states.find(({ shard }) => shard === shardOf(account.accountId))
    if (state && isAfter(event.position, state.position)) lag.set(state.shard, (lag.get(state.shard) ?? 0) + 1)
  }
  return { head, lag }
}

const eventsAfter = (store: EventStore, from: Position) => store.readAll(isAfter(from, BEFORE_ALL) ? from : undefined, MOST_COUNTED)
