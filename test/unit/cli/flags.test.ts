import assert from 'node:assert/strict'
import { parseAccounts, parseScopes } from '../../../src/cli/keys-create.ts'
import { CommandFailure, columns } from '../../../src/cli/outcome.ts'
import { commandConfig } from '../../../src/cli/services.ts'

const usage = (error: unknown): boolean => error instanceof CommandFailure && error.code === 2

describe('what commands are given', () => {
  it('scopes are known ones, each once', () => {
    assert.deepEqual(parseScopes('trade, read,trade'), ['trade', 'read'])
    for (const wrong of ['', ',', 'admin', 'trade,TRADE', 'trade read']) assert.throws(() => parseScopes(wrong), usage, wrong)
  })
  it('accounts are account ids that may not exist yet, never the house', () => {
    assert.deepEqual(parseAccounts('a,b_-1'), ['a', 'b_-1'])
    for (const wrong of ['', 'a.b', 'house', 'a,house', 'a b', 'x'.repeat(49)]) assert.throws(() => parseAccounts(wrong), usage, wrong)
  })
  it('a wrong environment is one line and exit 2; a chain without the keystore password is none of a command’s business', () => {
    assert.throws(() => commandConfig({ PORT: 'x' }), usage)
    assert.equal(commandConfig({ SOLANA_RPC_URLS: 'http://127.0.0.1:1' }).solanaRpcUrls?.length, 1)
  })
})

describe('rows for a person', () => {
  it('are aligned in columns, without blanks at the end', () => {
    assert.equal(
      columns([
        ['shard', 'rows'],
        ['0', '12'],
        ['10', '3'],
      ]),
      'shard  rows\n0      12\n10     3',
    )
  })
})
