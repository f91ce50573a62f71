import streams from '@eventstore/db-client/generated/streams_pb.js'
import { createFilter, type EventFilter } from '../streams/filter.ts'
import type { UuidForm } from './read-response.ts'
import { streamNameOf } from './requests.ts'
import { invalidArgument, Refusal } from './status.ts'
import { uuidAsStructure, uuidAsText } from './uuid.ts'

/** Where to begin: a revision of the stream or a position of `$all`. */
export type From = 'start' | 'end' | number

export interface ReadRequest {
  /** Undefined: `$all`. */
  readonly stream: string | undefined
  readonly from: From
  readonly backwards: boolean
  /** Undefined: a catch-up subscription. */
  readonly count: number | undefined
  readonly resolveLinks: boolean
  readonly filter: RequestedFilter | undefined
  readonly uuid: UuidForm
}

export interface RequestedFilter {
  readonly matches: EventFilter
  /** A checkpoint is sent every so many events looked at. */
  readonly checkpointEvery: number
}

/** Throws Refusal. */
export const parseReadRequest = (bytes: Buffer): ReadRequest => {
  const options = streams.ReadReq.deserializeBinary(bytes).getOptions()
  const uuid = options?.getUuidOption()
  if (options === undefined) throw new Refusal(invalidArgument('the read has no options'))
  if (uuid === undefined) throw new Refusal(invalidArgument("'uuid_option' is a required argument"))
  const stream = options.getStream()
  const all = options.getAll()
  if ((stream === undefined) === (all === undefined)) throw new Refusal(invalidArgument('a read is of one stream or of $all'))
  const filter = options.getFilter()
  if (filter !== undefined && stream !== undefined) throw new Refusal(invalidArgument('a filter needs $all'))
  return {
    stream: stream === undefined ? undefined : streamNameOf(stream.getStreamIdentifier()),
    from: stream === undefined ? fromPosition(all!) : fromRevision(stream),
    backwards: options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS,
    count: options.hasSubscription() ? undefined : Number(options.getCount()),
    resolveLinks: options.getResolveLinks(),
    filter: filter === undefined ? undefined : filterOf(filter),
    uuid: uuid.hasStructured() ? uuidAsStructure : uuidAsText,
  }
}

const fromRevision = (stream: streams.ReadReq.Options.StreamOptions): From =>
  stream.hasStart() ? 'start' : stream.hasEnd() ? 'end' : Number(stream.getRevision())

/** Positions past what the log can reach (uint64.max is one way to say "end") stay past it as numbers. */
const fromPosition = (all: streams.ReadReq.Options.AllOptions): From =>
  all.hasStart() ? 'start' : all.hasEnd() ? 'end' : Number(all.getPosition()?.getCommitPosition() ?? 0)

/** Of the protocol: how many events the server looks at in one go when the client does not say. */
const DEFAULT_WINDOW = 32

const filterOf = (filter: streams.ReadReq.Options.FilterOptions): RequestedFilter => {
  const onStream = filter.getStreamIdentifier()
  const expression = onStream ?? filter.getEventType()
  if (expression === undefined) throw new Refusal(invalidArgument('the filter has no expression'))
  const window = filter.hasMax() ? filter.getMax() : DEFAULT_WINDOW
  try {
    return {
      matches: createFilter({
        on: onStream === undefined ? 'type' : 'stream',
        regex: expression.getRegex(),
        prefixes: expression.getPrefixList(),
      }),
      checkpointEvery: Math.max(1, window * filter.getCheckpointintervalmultiplier()),
    }
  } catch (error) {
    throw new Refusal(invalidArgument(`the filter's regular expression is not valid: ${(error as Error).message}`))
  }
}
