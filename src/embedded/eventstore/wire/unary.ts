import type { GrpcCall, Route } from './grpc-server.ts'
import { statusOf } from './status.ts'

/** A call of one request, which may be answered at once. */
export const unary = (path: string, answer: (call: GrpcCall, request: Buffer) => void): Route => ({
  path,
  longLived: false,
  open: (call) => ({
    message(bytes) {
      try {
        answer(call, bytes)
      } catch (error) {
        call.end(statusOf(error))
      }
    },
    end: () => undefined,
  }),
})
