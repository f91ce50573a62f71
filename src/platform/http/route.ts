import type { z } from 'zod'
import type { EventSink } from './event-stream.ts'
import type { Grant, Scope } from './grant.ts'
import { type Refusal, refusal } from './problem.ts'

/** What a handler is given: the key's grant and the request's parts, already parsed. */
export interface RequestContext<Body = unknown> {
  readonly grant: Grant
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: Body
  readonly correlationId: string
  readonly traceparent: string | undefined
  /** Header Last-Event-ID: where a stream's client was. */
  readonly lastEventId?: string | undefined
  /** Wall clock at the edge, ms: the time a command carries. */
  readonly receivedAt: number
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal
}

export type Reply =
  | {
      readonly status: number
      readonly body: unknown
      readonly headers?: Readonly<Record<string, string>>
      /** Instead of the body: server-sent events for as long as it runs. */
      readonly stream?: (sink: EventSink) => Promise<void>
    }
  | { readonly refusal: Refusal }

/** A scope, one of several, or `any`: every valid key. */
export type Needed = Scope | readonly Scope[] | 'any'

/** One resource and method. Routes without `body` accept none. */
export interface Route<Schema extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Express path, e.g. /v1/accounts/:accountId/balances. */
  readonly path: string
  readonly scope: Needed
  readonly params?: z.ZodType<Record<string, string>>
  readonly query?: z.ZodType<Record<string, string | undefined>>
  readonly body?: Schema
  readonly handle: (context: RequestContext<z.output<Schema>>) => Promise<Reply>
}

/** Keeps a route's body type while the table holds routes of all kinds. */
export const route = <Schema extends z.ZodType>(r: Route<Schema>): Route => r as unknown as Route

export const refuse = (code: Refusal['code'], detail: string, rest: Omit<Refusal, 'code' | 'detail'> = {}): Reply => ({
  refusal: refusal(code, detail, rest),
})
export const ok = (body: unknown, status = 200): Reply => ({ status, body })
