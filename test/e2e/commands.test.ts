import assert from 'node:assert/strict'
import type { Json } from '../../src/cli/api.ts'
import { apiClient } from '../../src/cli/api.ts'
import { quantbot } from '../integration/cli/quantbot.ts'
import { fundedAccount, type Product, START_MS, sharedProduct, until } from './support.ts'

describe('commands beside a running product', function () {
  this.timeout(120_000)
  let product: Product
  const run = (...args: string[]) =>
    quantbot([...args, '--json'], { QUANTBOT_DATA: product.dataDir, DATABASE_URLS: '', SOLANA_RPC_URLS: '' })

  before(async function () {
    this.timeout(START_MS)
    product = await sharedProduct()
  })

  it('keys create: in force within 5 s, for its account alone', async () => {
    const account = `keys-${Date.now().toString(36)}`
    const { code, stdout, stderr } = await run('keys', 'create', '--scopes', 'trade,read', '--accounts', account)
    assert.equal(code, 0, stderr)
    const { key } = JSON.parse(stdout) as { key: string }
    const api = apiClient(product.url, key)
    await until('the key', async () => (await api.call('POST', '/v1/accounts', { accountId: account })).status === 201, 5_000)
    assert.equal((await api.call('POST', '/v1/accounts', { accountId: `${account}-2` })).status, 403)
    assert.equal((await api.call('GET', `/v1/audit/accounts/${account}/as-of?position=1`)).status, 403)
  })

  it('demo: every order ends, ledger = chain, nothing unresolved, read models = replay', async () => {
    const { code, stdout, stderr } = await run('demo', '--orders', '36', '--accounts', '3', '--seed', '11')
    assert.equal(code, 0, stderr)
    const verdict = JSON.parse(stdout) as Json & { byStatus: Record<string, number> }
    const { byStatus, ...proved } = verdict
    assert.deepEqual(proved, { orders: 36, terminal: 36, ledgerEqualsChain: true, unresolved: 0, readModelEqualsReplay: true })
    assert.ok(byStatus.Filled! > 0 && byStatus.Canceled! > 0, JSON.stringify(byStatus))
  })

  it('reconcile: no difference; digest: the same twice, with all shards', async () => {
    await fundedAccount(product, `digest-${Date.now().toString(36)}`, { USDC: '5' })
    const reconciled = await run('reconcile', '--wait', '20')
    assert.equal(reconciled.code, 0, reconciled.stdout + reconciled.stderr)
    const { accounts, differences } = JSON.parse(reconciled.stdout) as { accounts: number; differences: unknown[] }
    assert.ok(accounts > 0)
    assert.deepEqual(differences, [])

    const digest = async () => JSON.parse((await run('digest')).stdout) as { digest: string; position: string; shards: { rows: number }[] }
    // finality of the last transactions may still be written
    const stable = await until('a quiet log', async () => {
      const [first, second] = [await digest(), await digest()]
      return first.digest === second.digest && second
    })
    assert.match(stable.digest, /^[0-9a-f]{64}$/)
    assert.equal(stable.shards.length, 4)
    assert.ok(stable.shards.reduce((sum, { rows }) => sum + rows, 0) > 0)
  })
})
