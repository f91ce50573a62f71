import { derivedUuid, type Ids } from '../platform/ids.ts'
import { decodeEvent } from './decode.ts'
import type { EventStore, NewEvent } from './store/event-store.ts'
import { LOG_STREAM } from './streams.ts'
import { SCHEMA_VERSION } from './upcast.ts'

/** Names the log on its first start (NoStream: one process wins) and returns its id on every later one. @throws while the store does not answer */
export const ensureLogId = async (store: EventStore, ids: Ids): Promise<string> => {
  const known = await readLogId(store)
  if (known !== undefined) return known
  const logId = ids.uuid()
  await store.append(LOG_STREAM, 'no_stream', [referenceEvent(logId, 'LogCreated', { logId }, 'system', 0)])
  const named = await readLogId(store)
  if (named === undefined) throw new Error('the log could not be named: the event store gave no definite answer')
  return named
}

const readLogId = async (store: EventStore): Promise<string | undefined> => {
  for await (const event of store.readStream(LOG_STREAM, 0n, 1)) {
    const decoded = decodeEvent(event)
    if (decoded.type === 'LogCreated') return decoded.data.logId
  }
  return undefined
}

/** An event outside of account streams with full metadata; its id derives from the command, so that a retry is the same event. */
export const referenceEvent = (commandId: string, type: string, data: unknown, actor: string, clock: number): NewEvent => ({
  id: derivedUuid(`${type}/${commandId}`),
  type,
  data,
  metadata: { $correlationId: commandId, $causationId: commandId, commandId, actor, schema: SCHEMA_VERSION, clock },
})
