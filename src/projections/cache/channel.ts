import { z } from 'zod'
import type { ShardStep } from '../feed.ts'

/** What other processes are told of a step: the cached documents themselves are in Redis, the others in the database. */
const Message = z.object({
  map: z.number().int(),
  shard: z.number().int(),
  fence: z.string().transform(BigInt),
  /** Names the keys that are in force: they are given up whenever Redis was in doubt. */
  namespace: z.string(),
  from: z.string().transform(BigInt),
  to: z.string().transform(BigInt),
  keys: z.array(z.string()),
  reset: z.boolean(),
})
export type ShardMessage = z.output<typeof Message>

/** One channel per log: environments that share a Redis server do not hear each other. */
export const channelOf = (logId: string): string => `quantbot:${logId}:steps`

/** {…} keeps a shard's keys on one node of a Redis cluster, as the script needs. */
export const namespaceOf = (logId: string, { map, shard, fence }: Pick<ShardStep, 'map' | 'shard' | 'fence'>, life: number): string =>
  `quantbot:{${logId}.${map}.${shard}}:${fence}.${life}:`

export const encodeMessage = ({ map, shard, fence, from, to, documents, told, reset }: ShardStep, namespace: string): string =>
  JSON.stringify({
    map,
    shard,
    fence: String(fence),
    namespace,
    from: String(from),
    to: String(to),
    reset,
    keys: [...documents.map(({ key }) => key), ...told],
  })

/** Undefined for anything else that may come over the channel. */
export const decodeMessage = (text: string): ShardMessage | undefined => {
  try {
    return Message.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
