import assert from 'node:assert/strict'
import { type Config, readConfig } from '../../../src/platform/config.ts'

const good = (args: string[] = [], env: Record<string, string> = {}): Config => {
  const outcome = readConfig(args, env)
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.message)
  return outcome.config
}

describe('configuration', () => {
  it('starts all roles on 127.0.0.1:8080 with embedded parts when nothing is set', () => {
    const config = good()
    assert.deepEqual([...config.roles], ['commands', 'settlement', 'projector', 'queries'])
    assert.equal(`${config.host}:${config.port}`, '127.0.0.1:8080')
    assert.equal(config.eventStoreUrl, undefined)
    assert.equal(config.embeddedShards, 4)
  })

  it('takes several roles and lists of URLs', () => {
    const config = good(['--role', 'projector,queries'], { DATABASE_URLS: 'postgres://a/1, postgres://b/2', REDIS_URL: 'off' })
    assert.deepEqual([...config.roles], ['projector', 'queries'])
    assert.deepEqual(config.databaseUrls, ['postgres://a/1', 'postgres://b/2'])
    assert.equal(config.redisUrl, 'off')
  })

  it('treats an empty variable as unset', () => assert.equal(good([], { EVENTSTORE_URL: '', PORT: '' }).port, 8080))

  it('takes recorded markets with their speeds', () =>
    assert.deepEqual(good([], { MARKET_REPLAY: 'SOL/USDC=a=b.csv.gz@60, BTC/USDT=/x/y.csv' }).replays, [
      { symbol: 'SOL/USDC', file: 'a=b.csv.gz', speed: 60 },
      { symbol: 'BTC/USDT', file: '/x/y.csv', speed: 1 },
    ]))

  it('takes replicas of each database, some of none', () =>
    assert.deepEqual(
      good([], { DATABASE_URLS: 'postgres://a/1,postgres://b/2', QUANTBOT_REPLICAS: ',postgres://c/2|postgres://d/2' }).replicas,
      [[], ['postgres://c/2', 'postgres://d/2']],
    ))

  const wrong: [string, string[], Record<string, string>, RegExp][] = [
    ['a port that is no number', [], { PORT: 'http' }, /^PORT: must be a whole number$/],
    ['a replay without a file', [], { MARKET_REPLAY: 'SOL/USDC' }, /^MARKET_REPLAY.*: must be SYMBOL=FILE/],
    ['a port out of range', [], { PORT: '70000' }, /^PORT: must be from 0 to 65535$/],
    ['a database URL of another kind', [], { DATABASE_URLS: 'mysql://a' }, /^DATABASE_URLS: /],
    ['replicas of nothing', [], { QUANTBOT_REPLICAS: 'postgres://a/1' }, /^QUANTBOT_REPLICAS: needs DATABASE_URLS/],
    [
      'a replica that is no URL',
      [],
      { DATABASE_URLS: 'postgres://a/1', QUANTBOT_REPLICAS: 'a' },
      /^QUANTBOT_REPLICAS.*: must be Postgres URLs/,
    ],
    ['an event store URL that is none', [], { EVENTSTORE_URL: 'localhost:2113' }, /^EVENTSTORE_URL: /],
    ['an unknown role', ['--role', 'trader'], {}, /^--role: unknown role "trader"/],
    ['an unknown flag', ['--rolle', 'all'], {}, /rolle/],
    ['a real chain without a keystore password', [], { SOLANA_RPC_URLS: 'https://rpc.example' }, /^QUANTBOT_KEYSTORE_PASSWORD: required/],
  ]
  for (const [name, args, env, line] of wrong) {
    it(`refuses ${name} with one line`, () => {
      const outcome = readConfig(args, env)
      assert.ok(!outcome.ok)
      assert.match(outcome.message, line)
      assert.equal(outcome.message.includes('\n'), false)
    })
  }
})
