import { z } from 'zod'
import { mayUse } from '../../platform/http/grant.ts'
import { type Reply, type Route, refuse, route } from '../../platform/http/route.ts'
import { isToldModel, placeOf, TOLD_MODELS, type ToldModel } from '../../projections/document-keys.ts'
import { asRead, type ReaderDeps } from '../reader.ts'
import { AccountIdText, PositionText } from '../request/parameters.ts'
import { accountChangedSince, allChangedSince } from '../streams/changed-since.ts'
import { type FollowOptions, followChanges } from '../streams/follow-changes.ts'
import { balancesReply } from './balances.ts'
import { toldDocument } from './told-documents.ts'

/** Streams of one process: each holds a socket and a few kilobytes. */
const MOST_STREAMS = 1_000

const MODELS = Object.keys(TOLD_MODELS).filter(isToldModel)
const AccountQuery = z.strictObject({
  models: z
    .string()
    .refine((text) => text.split(',').every(isToldModel), `must be some of ${MODELS.join(', ')}, separated by commas`)
    .optional(),
})

/** GET /v1/accounts/:accountId/stream?models= and /v1/streams/:model: documents as they change, as server-sent events. */
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
      status: 200,
      body: undefined,
      stream: async (sink) => {
        open++
        const load: FollowOptions['load'] = (key, position) => toldDocument(deps, key, position, sink.signal)
        const { changes, clock } = deps
        await followChanges(sink, { ...options, changes, clock, load, after: after ? BigInt(after.data) : undefined }).finally(() => open--)
      },
    }
  }
  return [
    route({
      method: 'GET',
      path: '/v1/accounts/:accountId/stream',
      scope: 'read',
      query: AccountQuery,
      params: z.object({ accountId: AccountIdText }),
      handle: async ({ grant, params, query, lastEventId }) => {
        const accountId = params.accountId!
        if (!mayUse(grant, accountId)) return refuse('forbidden', 'this key has no grant on the account')
        const known = await balancesReply(deps, asRead(deps.shardOf(accountId), 0n), accountId)
        if ('refusal' in known) return known
        const models = new Set<string>(query.models?.split(',') ?? MODELS)
        const isMine = ofAccount(accountId)
        return streaming(lastEventId, {
          shards: () => [deps.shardOf(accountId)],
          mine: (key) => isMine(key) && models.has(placeOf(key)?.model ?? ''),
          changedSince: (position) => accountChangedSince(deps.store, accountId, position),
        })
      },
    }),
    route({
      method: 'GET',
      path: '/v1/streams/:model',
      scope: 'read',
      query: z.strictObject({}),
      params: z.object({ model: z.enum(MODELS) }),
      handle: async ({ grant, params, lastEventId }) => {
        const prefix = `${TOLD_MODELS[params.model as ToldModel]}:`
        return streaming(lastEventId, {
          shards: () => deps.shards,
          mine: (key) => key.startsWith(prefix) && mayUse(grant, placeOf(key)?.accountId ?? ''),
          changedSince: (position) => allChangedSince(deps.store, position),
        })
      },
    }),
  ]
}

/** Every key that a shard tells is held against every stream of it: most of them are another account's, which is seen without taking them apart. */
const ofAccount = (accountId: string) => {
  const end = 2 + accountId.length
  return (key: string): boolean => key.startsWith(accountId, 2) && (key.length === end || key[end] === '.')
}
