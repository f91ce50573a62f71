import { status } from '@grpc/grpc-js'

/** How a call ends when it does not end well: gRPC status, and trailers that the client turns into its error types. */
export interface CallStatus {
  readonly code: status
  readonly details: string
  readonly trailers?: Readonly<Record<string, string>>
}

/** Thrown while a request is read; ends the call with its status. Everything else that is thrown is a bug and answers UNKNOWN. */
export class Refusal extends Error {
  readonly status: CallStatus
  constructor(callStatus: CallStatus) {
    super(callStatus.details)
    this.status = callStatus
  }
}

/** Counted on event data only, as on a real server. */
export const MAX_APPEND_SIZE = 1024 * 1024

export const OK: CallStatus = { code: status.OK, details: '' }
export const CANCELLED: CallStatus = { code: status.CANCELLED, details: 'the node is shutting down' }
export const UNAVAILABLE: CallStatus = { code: status.UNAVAILABLE, details: 'the node is shutting down' }

export const invalidArgument = (details: string): CallStatus => ({ code: status.INVALID_ARGUMENT, details })

export const streamDeleted = (stream: string): CallStatus => ({
  code: status.FAILED_PRECONDITION,
  details: `Event stream '${stream}' is deleted.`,
  trailers: { exception: 'stream-deleted', 'stream-name': stream },
})

export const accessDenied = (): CallStatus => ({
  code: status.PERMISSION_DENIED,
  details: 'Access Denied',
  trailers: { exception: 'access-denied' },
})

export const wrongExpectedVersion = (stream: string, expected: string | number, actual: number): CallStatus => ({
  code: status.FAILED_PRECONDITION,
  details: `Append failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
  trailers: {
    exception: 'wrong-expected-version',
    'stream-name': stream,
    'expected-version': String(expected),
    'actual-version': String(actual),
  },
})

export const appendTooLarge = (): CallStatus => ({
  code: status.INVALID_ARGUMENT,
  details: `Maximum Append Size of ${MAX_APPEND_SIZE} Exceeded.`,
  trailers: { exception: 'maximum-append-size-exceeded', 'maximum-append-size': String(MAX_APPEND_SIZE) },
})

export const missingMetadata = (property: string): CallStatus => ({
  code: status.INVALID_ARGUMENT,
  details: `Required Metadata Property '${property}' is missing`,
  trailers: { exception: 'missing-required-metadata-property', 'required-metadata-properties': 'type,content-type' },
})

export const statusOf = (error: unknown): CallStatus =>
  error instanceof Refusal ? error.status : { code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) }
