import { JsonText } from '../../platform/http/json-text.ts'
import type { Reply } from '../../platform/http/route.ts'
import { placeOf, type ToldModel } from '../../projections/document-keys.ts'
import { asRead, consistent, type ReaderDeps, type ReadShard } from '../reader.ts'
import type { Loaded } from '../streams/follow-changes.ts'
import { algoReply } from './algos.ts'
import { balancesReply } from './balances.ts'
import { correctionReply } from './corrections.ts'
import { executionReply } from './executions.ts'
import { orderReply } from './order.ts'
import { payoutReply } from './payouts.ts'
import { positionReply } from './positions.ts'

type Read = (deps: ReaderDeps, shard: ReadShard, accountId: string, id: string) => Promise<Reply>

/** How a stream names a model's documents, and how it reads one: as GET answers it. */
const TOLD: { readonly [Model in ToldModel]: readonly [event: string, read: Read] } = {
  balances: ['balances', balancesReply],
  orders: ['order', (deps, shard, accountId, id) => orderReply(deps, shard, accountId, Number(id))],
  positions: ['position', positionReply],
  executions: ['execution', executionReply],
  withdrawals: ['withdrawal', payoutReply],
  transfers: ['transfer', payoutReply],
  algos: ['algo', algoReply],
  corrections: ['correction', correctionReply],
}

/** The document of a key at or after the position; `none` where the key names nothing, undefined when it can't be had now. */
export const toldDocument = async (deps: ReaderDeps, key: string, position: bigint, signal: AbortSignal): Promise<Loaded | undefined> => {
  const place = placeOf(key)
  if (!place) return 'none'
  const { accountId, id } = place
  const shard = deps.shardOf(accountId)
  if (await consistent(deps, shard, position, signal)) return undefined
  const [event, read] = TOLD[place.model]
  const reply = await read(deps, asRead(shard, position), accountId, id)
  // known for certain: the shard has come to the position
  if ('refusal' in reply) return reply.refusal.code === 'not_found' ? 'none' : undefined
  const body = reply.body instanceof JsonText ? reply.body.toJSON() : reply.body
  return { event, data: { accountId, ...(body as object) } }
}
