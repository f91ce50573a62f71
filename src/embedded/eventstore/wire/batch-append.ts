import type shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { ExpectedRevision } from '../streams/append-rules.ts'
import type { Store } from '../streams/store.ts'
import { type BatchAnswer, batchResponse } from './batch-response.ts'
import { framed } from './deframer.ts'
import type { GrpcCall, Receiver } from './grpc-server.ts'
import { expectedRevisionOf, type ProposedEvents, proposedEvents, writableStreamOf } from './requests.ts'
import { OK, Refusal, statusOf } from './status.ts'
import { parseUuid } from './uuid.ts'

/** An append whose requests are still coming in, or whose answer is awaited. */
interface OpenAppend {
  readonly correlationId: shared.UUID
  readonly identifier: shared.StreamIdentifier
  readonly stream: string
  readonly expected: ExpectedRevision
  readonly proposed: ProposedEvents
  /** Unix ms. The client's call itself has no deadline: the server answers Timeout for each append. */
  readonly deadline: number
}

/** BatchAppend: many appends over one call, answered in any sequence, errors as google.rpc.Status inside the answer. */
export const receiveBatchAppend = ({ writer }: Store, call: GrpcCall): Receiver => {
  const open = new Map<string, OpenAppend>()
  let ended = false
  let sweep: NodeJS.Timeout | undefined
  call.signal.addEventListener('abort', () => clearInterval(sweep), { once: true })

  /** Late answers are dropped: to the client an append that was answered once is over. */
  const answer = (key: string, append: OpenAppend, what: BatchAnswer): void => {
    if (open.get(key) !== append) return
    open.delete(key)
    call.write(framed(batchResponse(append, what).serializeBinary()))
    if (ended && open.size === 0) call.end(OK)
  }

  const answerOverdue = (): void => {
    const now = Date.now()
    for (const [key, append] of open) if (append.deadline <= now) answer(key, append, { kind: 'timeout' })
    if (open.size > 0) return
    clearInterval(sweep)
    sweep = undefined
  }

  const start = (request: streams.BatchAppendReq, key: string): OpenAppend => {
    const options = request.getOptions()!
    const identifier = options.getStreamIdentifier()
    const append: OpenAppend = {
      correlationId: request.getCorrelationId()!,
      identifier: identifier!,
      stream: writableStreamOf(identifier),
      expected: expectedRevisionOf(options, options.hasStreamPosition() ? options.getStreamPosition() : undefined),
      proposed: proposedEvents(),
      deadline: deadlineOf(options),
    }
    open.set(key, append)
    sweep ??= setInterval(answerOverdue, SWEEP_MS)
    return append
  }

  const startOrRefuse = (request: streams.BatchAppendReq, key: string): OpenAppend | undefined => {
    try {
      return start(request, key)
    } catch (error) {
      const identifier = request.getOptions()?.getStreamIdentifier()
      if (!(error instanceof Refusal) || identifier === undefined) throw error
      const refused = { correlationId: request.getCorrelationId()!, identifier, expected: 'any' } as const
      call.write(framed(batchResponse(refused, { kind: 'refused', status: error.status }).serializeBinary()))
      return undefined
    }
  }

  const commit = (key: string, append: OpenAppend): void => {
    writer.append(append.stream, append.expected, append.proposed.events).then(
      (outcome) => answer(key, append, outcome),
      (error: Error) => answer(key, append, { kind: 'unknown', message: error.message }),
    )
    const room = writer.room()
    if (room === undefined) return
    call.pause()
    void room.then(() => call.resume())
  }

  return {
    message(bytes) {
      const request = streams.BatchAppendReq.deserializeBinary(bytes)
      const key = parseUuid(request.getCorrelationId()).toString('latin1')
      // the rest of an append that was already refused
      if (!request.hasOptions() && !open.has(key)) return
      const append = open.get(key) ?? startOrRefuse(request, key)
      if (append === undefined) return
      if (append.deadline <= Date.now()) return answer(key, append, { kind: 'timeout' })
      try {
        for (const message of request.getProposedMessagesList()) append.proposed.add(message)
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return answer(key, append, { kind: 'refused', status: statusOf(error) })
      }
      if (request.getIsFinal()) commit(key, append)
    },
    end() {
      ended = true
      if (open.size === 0) call.end(OK)
    },
  }
}

/** How late a Timeout may be. */
const SWEEP_MS = 100

const deadlineOf = (options: streams.BatchAppendReq.Options): number => {
  const deadline = options.getDeadline()
  return deadline === undefined ? Number.POSITIVE_INFINITY : deadline.getSeconds() * 1_000 + deadline.getNanos() / 1e6
}
