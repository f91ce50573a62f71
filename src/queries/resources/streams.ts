import { z } from 'zod'
import { parseOrderId } from '../../events/streams.ts'
import { mayUse } from '../../platform/http/grant.ts'
import { type Reply, type Route, refuse, route } from '../../platform/http/route.ts'
import { balancesKey, orderKey } from '../../projections/feed.ts'
import { consistent, type ReaderDeps } from '../reader.ts'
import { AccountIdText, PositionText } from '../request/parameters.ts'
import { accountChangedSince, allChangedSince } from '../streams/changed-since.ts'
import { type FollowOptions, followChanges } from '../streams/follow-changes.ts'
import { balancesReply } from './balances.ts'
import { orderReply } from './order.ts'

/** Streams of one process: each holds a socket and a few kilobytes. */
const MOST_STREAMS = 1_000

const MODELS = { balances: 'b:', orders: 'o:' } as const

/** GET /v1/accounts/:accountId/stream and /v1/streams/:model (balances, orders): documents as they change, as server-sent events. */
export const streamRoutes = (deps: ReaderDeps): readonly Route[] => {
  let open = 0
  const streaming = (lastEventId: string | undefined, options: Omit<FollowOptions, 'after' | 'changes' | 'clock' | 'load'>): Reply => {
    const after = lastEventId === undefined ? undefined : PositionText.safeParse(lastEventId)
    if (after && !after.success) {
      const errors = [{ field: 'Last-Event-ID', reason: 'must be a position in decimal' }]
      return refuse('invalid_request', 'the request is not valid: Last-Event-ID', { errors })
    }
    if (open >= MOST_STREAMS) return refuse('not_ready', 'this process serves as many streams as it can', { retryAfter: 5 })
    return {
      ...{ status: 200, body: undefined },
      stream: async (sink) => {
        open++
        const load: FollowOptions['load'] = (key, position) => documentOf(deps, key, position, sink.signal)
        const { changes, clock } = deps
        await followChanges(sink, { ...options, changes, clock, load, after: after ? BigInt(after.data) : undefined }).finally(() => open--)
      },
    }
  }
  return [
    route({
      ...{ method: 'GET', path: '/v1/accounts/:accountId/stream', scope: 'read', query: z.strictObject({}) },
      params: z.object({ accountId: AccountIdText }),
      handle: async ({ grant, params, lastEventId }) => {
        const accountId = params.accountId!
        if (!mayUse(grant, accountId)) return refuse('forbidden', 'this key has no grant on the account')
        const known = await balancesReply(deps, accountId, 0n, NEVER)
        if ('refusal' in known) return known
        return streaming(lastEventId, {
          shards: () => [deps.shardOf(accountId)],
          mine: (key) => key === balancesKey(accountId) || key.startsWith(`${orderKey(accountId)}.`),
          changedSince: (position) => accountChangedSince(deps.store, accountId, position),
        })
      },
    }),
    route({
      ...{ method: 'GET', path: '/v1/streams/:model', scope: 'read', query: z.strictObject({}) },
      params: z.object({ model: z.enum(['balances', 'orders']) }),
      handle: async ({ grant, params, lastEventId }) => {
        const prefix = MODELS[params.model as keyof typeof MODELS]
        return streaming(lastEventId, {
          shards: () => deps.shards,
          mine: (key) => key.startsWith(prefix) && mayUse(grant, accountOf(key)),
          changedSince: (position) => allChangedSince(deps.store, position),
        })
      },
    }),
  ]
}

type Document = NonNullable<Awaited<ReturnType<FollowOptions['load']>>>

const NEVER = new AbortController().signal

const accountOf = (key: string): string => {
  const id = key.slice(2)
  return key.startsWith('o:') ? parseOrderId(id)!.accountId : id
}

/** The document as GET answers it, at or after the position. */
const documentOf = async (deps: ReaderDeps, key: string, position: bigint, signal: AbortSignal): Promise<Document | undefined> => {
  const accountId = accountOf(key)
  const isOrder = key.startsWith('o:')
  if (isOrder && (await consistent(deps, deps.shardOf(accountId), position, signal))) return undefined
  const reply = isOrder
    ? await orderReply(deps, accountId, parseOrderId(key.slice(2))!.number, position)
    : await balancesReply(deps, accountId, position, signal)
  if ('refusal' in reply) return undefined
  return { event: isOrder ? 'order' : 'balances', data: isOrder ? reply.body : { accountId, ...(reply.body as object) } }
}
