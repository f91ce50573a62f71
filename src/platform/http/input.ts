import type { Request } from 'express'
import type { z } from 'zod'
import { type FieldError, type Refusal, refusal } from './problem.ts'
import type { Route } from './route.ts'

/** No command comes near this; of a larger body nothing is kept. */
export const BODY_LIMIT_BYTES = 256 * 1024

/** A refused client may send this much before its connection is cut. */
const DISCARD_LIMIT_BYTES = 16 * 1024 * 1024

/** Resolves once the client has sent its body, which is thrown away: answered earlier, it may see a broken connection instead of the answer. */
export const bodyTaken = (req: Request): Promise<void> =>
  new Promise((resolve) => {
    if (req.readableEnded) return resolve()
    let bytes = 0
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > DISCARD_LIMIT_BYTES) req.destroy()
    })
    req.once('end', resolve)
    req.once('close', resolve)
  })

type Parsed = {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Validates path, query and body against the route's schemas; one 400 names every wrong field. */
export const parseInput = (route: Route, req: Request): Parsed | { readonly refusal: Refusal } => {
  const params = parsePart(route.params, { ...req.params }, 'path')
  if ('refusal' in params) return params
  const query = parsePart(route.query, { ...req.query }, 'query')
  if ('refusal' in query) return query
  const body = route.body ? parsePart(route.body, req.body as unknown, 'body') : { value: undefined }
  if ('refusal' in body) return body
  return { params: params.value as Record<string, string>, query: query.value as Record<string, string>, body: body.value }
}

const parsePart = (schema: z.ZodType | undefined, value: unknown, part: string): { value: unknown } | { refusal: Refusal } => {
  if (!schema) return { value }
  const parsed = schema.safeParse(value)
  if (parsed.success) return { value: parsed.data }
  const errors = parsed.error.issues.slice(0, 20).flatMap(fieldErrors)
  return {
    refusal: refusal('invalid_request', `the ${part} is not valid: ${errors[0]?.field || part} ${errors[0]?.reason ?? ''}`.trim(), {
      errors,
    }),
  }
}

/** The fields that an issue is about, each with its reason; what a client made up is named in part. */
export const fieldErrors = (issue: z.core.$ZodIssue): FieldError[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.slice(0, 20).map((key) => ({ field: [...issue.path, key].join('.').slice(0, 100), reason: 'unknown field' }))
    : [{ field: issue.path.join('.'), reason: issue.message }]

/** The parser takes no text for {}: a PUT whose fields are all optional would then change something that nobody asked for. @throws to the parser */
export const refuseEmptyBody = (_req: unknown, _res: unknown, bytes: Buffer): void => {
  if (bytes.length === 0) throw new Error('empty body')
}

/** Maps what the body parser throws to a refusal; undefined for any other fault. */
export const bodyFault = (error: unknown): Refusal | undefined => {
  const { type, status } = (error ?? {}) as { type?: string; status?: number }
  if (type === 'entity.too.large') return refusal('payload_too_large', `at most ${BODY_LIMIT_BYTES} bytes`)
  if (type === 'charset.unsupported' || type === 'encoding.unsupported')
    return refusal('unsupported_media_type', 'send UTF-8 application/json')
  if (type === 'entity.parse.failed')
    return refusal('invalid_request', 'the body is not valid JSON', { errors: [{ field: '', reason: 'not valid JSON' }] })
  if (type === 'entity.verify.failed')
    return refusal('invalid_request', 'the body is empty', { errors: [{ field: '', reason: 'is required' }] })
  if (status !== undefined && status >= 400 && status < 500) return refusal('invalid_request', 'the request could not be read')
  return undefined
}
