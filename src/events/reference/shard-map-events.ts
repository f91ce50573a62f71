import { z } from 'zod'

/** Where a shard's rows are: a database on one of the servers that DATABASE_URLS names. No address and no password: those may change. */
const ShardPlace = z.object({ server: z.number().int().min(0), name: z.string() })
export type ShardPlace = z.infer<typeof ShardPlace>

const map = {
  version: z.number().int().positive(),
  shards: z.number().int().positive(),
  /** Which shard (index) each of the 1,024 slices lives on. */
  assignment: z.array(z.number().int()),
}

/** The log's first map, in force at once: shard n is the nth database of DATABASE_URLS. */
export const ShardMapDefined = z.object(map)

/** A map that is being built by replay, beside the one in force. */
export const ShardMapPrepared = z.object({ ...map, databases: z.array(ShardPlace) })

/** The prepared map held what the one in force held, and is in force now. The one before is projected until it is retired. */
export const ShardMapCutOver = z.object({ version: z.number().int().positive(), digest: z.string() })

/** No reader uses this map any more: nobody projects it, and its rows may go. */
export const ShardMapRetired = z.object({ version: z.number().int().positive() })

/** A prepared map that is never to be in force. */
export const ShardMapAbandoned = z.object({ version: z.number().int().positive(), reason: z.string() })
