import assert from 'node:assert/strict'
import { arrayLiteral } from '../../../src/projections/rows/array-literal.ts'
import type { SqlType, Value } from '../../../src/projections/rows/table.ts'

const literal = (type: SqlType, values: readonly Value[]): string =>
  arrayLiteral(
    type,
    values.map((value) => ({ value })),
    'value',
  )

describe('array literals', () => {
  it('quote texts and leave numbers, booleans and nulls bare', () => {
    assert.equal(literal('bigint', [1n, null, -9223372036854775808n]), '{1,NULL,-9223372036854775808}')
    assert.equal(literal('boolean', [true, false]), '{true,false}')
    assert.equal(literal('text', ['', 'NULL', null, 'a,b', '{x}']), '{"","NULL",NULL,"a,b","{x}"}')
    assert.equal(literal('text', ['say "hi"', 'a\\b']), '{"say \\"hi\\"","a\\\\b"}')
    assert.equal(literal('text', []), '{}')
  })
})
