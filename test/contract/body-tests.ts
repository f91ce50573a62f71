import assert from 'node:assert/strict'
import { BAD_BODIES, BAD_FIELDS } from './bad-values.ts'
import { assertProblem, namedFields } from './problem.ts'
import type { Answer, Send } from './request.ts'
import type { RouteRow } from './route-table.ts'

/** What a route with a body refuses in it. Called inside a describe. */
export const bodyTests = (row: RouteRow, ask: (row: RouteRow, path: string, rest?: Partial<Send>) => Promise<Answer>): void => {
  const post = (body: unknown): Promise<Answer> => ask(row, row.good, { body: JSON.stringify(body) })

  it('400 for a body that is no JSON object', async () => {
    for (const body of [...BAD_BODIES, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])]) {
      const answer = await ask(row, row.good, { body })
      assert.equal(assertProblem(answer, [400], body.toString().slice(0, 40)), 'invalid_request')
    }
  })
  it('400 for an unknown field, and for each missing one, by name', async () => {
    for (const name of ['nonsense', 'toString', 'Quantity']) {
      const answer = await post({ ...goodBody(row), [name]: 1 })
      assertProblem(answer, [400], name)
      assert.ok(namedFields(answer).includes(name), answer.text)
    }
    const answer = await ask(row, row.good, { body: JSON.stringify(goodBody(row)).replace('{', '{"__proto__":{"admin":true},') })
    assertProblem(answer, [400], '__proto__')
    for (const [name, { optional }] of Object.entries(row.body!)) {
      if (optional) continue
      const { [name]: _left, ...rest } = goodBody(row)
      assertProblem(await post(rest), [400], `without ${name}`)
    }
  })
  for (const [name, { bad }] of Object.entries(row.body!))
    it(`400 for a bad ${name}`, async () => {
      for (const value of BAD_FIELDS[bad as keyof typeof BAD_FIELDS]) {
        const what = `${name}: ${String(JSON.stringify(value)).slice(0, 60)}`
        const answer = await post({ ...goodBody(row), [name]: value })
        assert.equal(assertProblem(answer, [400], what), 'invalid_request')
        assert.ok(
          namedFields(answer).some((field) => field === name || field.startsWith(`${name}.`)),
          `${what} is not named: ${answer.text}`,
        )
      }
    })
  it('415 for another content type or none', async () => {
    for (const contentType of [
      'text/xml',
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'application/json; charset=latin1',
      undefined,
    ]) {
      const answer = await ask(row, row.good, { contentType })
      assert.equal(assertProblem(answer, [415], String(contentType)), 'unsupported_media_type')
    }
  })
  it('413 for a body that is too large, with its length said or not', async () => {
    for (const chunked of [false, true]) {
      const body = JSON.stringify({ ...goodBody(row), [Object.keys(row.body!)[0]!]: 'x'.repeat(3_000_000) })
      const answer = await ask(row, row.good, { body, chunked })
      assert.equal(assertProblem(answer, [413], `chunked ${chunked}`), 'payload_too_large')
    }
  })
}

/** The body of the row's good request. */
export const goodBody = (row: RouteRow): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row.body ?? {}).map(([name, { good }]) => [name, good]))
