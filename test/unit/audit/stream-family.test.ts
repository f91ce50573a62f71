import assert from 'node:assert/strict'
import { streamFamily } from '../../../src/audit/stream-family.ts'
import { accountStream, segmentStream, snapshotStream } from '../../../src/events/streams.ts'

describe('streams an auditor may name', () => {
  it('knows an account by its stream, its snapshots and their segments', () => {
    for (const stream of [accountStream('acct-1'), snapshotStream('acct-1'), segmentStream('acct-1', 3)])
      assert.deepEqual(streamFamily(stream), { accountId: 'acct-1' }, stream)
  })
  it('knows the streams of the whole deployment', () => {
    for (const stream of [
      'log',
      'tick',
      'shardmap',
      'instrument-SOL/USDC',
      'key-k0123456789abcdef',
      'control-global',
      'limit-global',
      'strategy-s1',
      'sth',
    ])
      assert.deepEqual(streamFamily(stream), { accountId: null }, stream)
  })
  it('knows no other: system streams, foreign names, an account under a slice that is not its own', () => {
    const own = accountStream('acct-1')
    const wrongSlice = own.replace(/[0-9a-f]{3}\./, (slice) => (slice === '000.' ? '001.' : '000.'))
    const others = [
      '$all',
      '$$tick',
      '$streams',
      'account-acct-1',
      wrongSlice,
      'snap-000.',
      'orders',
      'key-',
      'key-a.b',
      'instrument-',
      'instrument-SOL',
      'instrument-a/b/c',
      '',
    ]
    for (const stream of others) assert.equal(streamFamily(stream), undefined, stream)
  })
})
