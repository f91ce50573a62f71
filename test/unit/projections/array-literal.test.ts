import assert from 'node:assert/strict'
import { arrayLiteral } from '../../../src/projections/rows/array-literal.ts'

describe('array literals', () => {
  it('quote texts and leave numbers, booleans and nulls bare', () => {
    assert.equal(arrayLiteral('bigint', [1n, null, -9223372036854775808n]), '{1,NULL,-9223372036854775808}')
    assert.equal(arrayLiteral('boolean', [true, false]), '{true,false}')
    assert.equal(arrayLiteral('text', ['', 'NULL', null, 'a,b', '{x}']), '{"","NULL",NULL,"a,b","{x}"}')
    assert.equal(arrayLiteral('text', ['say "hi"', 'a\\b']), '{"say \\"hi\\"","a\\\\b"}')
    assert.equal(arrayLiteral('text', []), '{}')
  })
})
