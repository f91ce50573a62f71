import assert from 'node:assert/strict'
import { PROBLEMS } from '../../src/platform/http/problem.ts'
import type { Answer } from './request.ts'

/** Asserts that an answer is a problem document of one of these statuses, as RFC 9457 and the contract want it. Returns its code. */
export const assertProblem = (answer: Answer, statuses: readonly number[], what: string): string => {
  assert.ok(statuses.includes(answer.status), `${what}: ${answer.status} instead of ${statuses.join(' or ')}: ${answer.text.slice(0, 300)}`)
  assert.match(answer.contentType, /^application\/problem\+json/, what)
  const problem = JSON.parse(answer.text) as Record<string, unknown>
  const code = String(problem.code)
  const known = PROBLEMS[code as keyof typeof PROBLEMS]
  assert.ok(known, `${what}: unknown code ${code}`)
  assert.deepEqual([problem.status, known.status, problem.retryable], [answer.status, answer.status, known.retryable], what)
  for (const member of ['type', 'title', 'detail', 'correlationId'])
    assert.ok(typeof problem[member] === 'string' && problem[member] !== '', `${what}: ${member}`)
  if (answer.status === 401) assert.equal(answer.header('www-authenticate'), 'Bearer', what)
  // neither a stack nor a path of ours in what strangers read
  assert.doesNotMatch(answer.text, /node_modules|\.ts:\d|\.js:\d|at Object\./, what)
  return code
}

/** The fields that a 400 names. */
export const namedFields = (answer: Answer): string[] => {
  const { errors } = JSON.parse(answer.text) as { errors?: { field: string; reason: string }[] }
  for (const error of errors ?? []) assert.ok(typeof error.field === 'string' && error.reason !== '', answer.text)
  return (errors ?? []).map(({ field }) => field)
}
