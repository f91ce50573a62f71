import { z } from 'zod'
import { decodeAccountEvent } from '../../events/decode.ts'
import type { EventStore } from '../../events/store/event-store.ts'
import { accountStream, ID_PATTERN } from '../../events/streams.ts'
import { ok, type Reply, type Route, refuse, route } from '../../platform/http/route.ts'
import { BATCH_MAX_EVENTS } from '../handler/decide-batch.ts'
import { type CommandPorts, forbiddenAccount } from './respond.ts'

interface Operation {
  readonly accountId: string
  readonly expected: bigint
  readonly commandId: string
}

/** Of a revision no more digits than the store can read. */
const parseOperationId = (text: string): Operation | undefined => {
  const match = /^([^.]{1,48})\.(-1|\d{1,18})\.([\x21-\x7e]{1,200})$/.exec(text)
  return match && ID_PATTERN.test(match[1]!) ? { accountId: match[1]!, expected: BigInt(match[2]!), commandId: match[3]! } : undefined
}

const Params = z.object({
  operationId: z.string().refine((id) => parseOperationId(id) !== undefined, 'must be <accountId>.<revision>.<commandId>'),
})

/**
 * GET /v1/operations/{id} → {operationId, outcome: done | not_applied | unknown}. Done: the command is in the stream.
 * Not applied: the stream has passed the revision the command was expected at without it. Else nobody knows yet.
 */
export const showOperationRoute = (ports: CommandPorts): Route =>
  route({
    method: 'GET',
    path: '/v1/operations/:operationId',
    scope: 'read',
    params: Params,
    query: z.strictObject({}),
    handle: async ({ grant, params }) => {
      const operationId = params.operationId!
      const operation = parseOperationId(operationId)
      if (!operation) return refuse('not_found', 'no such operation')
      const forbidden = forbiddenAccount(grant, operation.accountId)
      if (forbidden) return forbidden
      const outcome = await outcomeOf(ports.store, operation).catch(() => undefined)
      return outcome ? showing(operationId, outcome) : refuse('not_ready', 'the event store does not answer')
    },
  })

type Outcome =
  | { readonly kind: 'done'; readonly position: bigint; readonly orderId: string | undefined }
  | { readonly kind: 'not_applied' | 'unknown' }

/** The append would have begun right after the expected revision and held at most so many events. */
const outcomeOf = async (store: EventStore, { accountId, expected, commandId }: Operation): Promise<Outcome> => {
  let passed = false
  for await (const recorded of store.readStream(accountStream(accountId), expected + 1n, BATCH_MAX_EVENTS)) {
    passed = true
    if (recorded.metadata.commandId !== commandId) continue
    const { data } = decodeAccountEvent(recorded)
    return { kind: 'done', position: recorded.position.commit, orderId: 'orderId' in data ? data.orderId : undefined }
  }
  return { kind: passed ? 'not_applied' : 'unknown' }
}

const showing = (operationId: string, outcome: Outcome): Reply =>
  ok({
    operationId,
    outcome: outcome.kind,
    ...(outcome.kind === 'done' ? { position: outcome.position.toString() } : {}),
    ...(outcome.kind === 'done' && outcome.orderId !== undefined ? { orderId: outcome.orderId } : {}),
  })
