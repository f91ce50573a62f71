import assert from 'node:assert/strict'
import { ConfigField } from '../../../src/commands/routes/strategy-config.ts'

describe('the configuration of a strategy', () => {
  const nested = (levels: number): unknown => JSON.parse(`{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`)

  it('is any object that people can read', () => {
    assert(ConfigField.safeParse({ symbols: ['SOL/USDC'], window: { minutes: 5 }, note: null }).success)
    assert(ConfigField.safeParse(nested(32)).success)
  })
  it('is refused when it is too large, or too deep for anybody to write it again', () => {
    assert.equal(ConfigField.safeParse({ text: 'x'.repeat(16_384) }).success, false)
    for (const levels of [33, 5_000, 120_000])
      assert.equal(ConfigField.safeParse(nested(levels)).error?.issues[0]?.message, 'must not nest deeper than 32 levels', String(levels))
  })
})
