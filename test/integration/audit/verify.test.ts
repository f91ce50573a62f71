import assert from 'node:assert/strict'
import { type Difference, verifyReadModels } from '../../../src/audit/verify.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { storyOf } from '../../unit/audit/account-story.ts'
import { openAudit } from './audit-server.ts'

type Rows = Record<string, Record<string, unknown>[]>

describe('read models held against a replay of the log', () => {
  const a = `verify-${systemIds.bytes(4).toString('hex')}`
  const story = storyOf(a)
  let audit: Awaited<ReturnType<typeof openAudit>>
  let filled: string
  /** What a true read model answers. */
  let rows: Rows

  before(async () => {
    audit = await openAudit(a)
    await audit.append(a, story.opened(), story.depositRequested('d-1', '1000000000'), story.credited('d-1', '1000000000'))
    const trade = story.traded(1, '2000000000', '290000000', 'Filled', { released: '10000000' })
    filled = String(await audit.append(a, story.accepted(1), story.signed('1'), story.landed('1'), trade))
    rows = {
      balances: [
        { asset: 'SOL', settled: '2', reserved: '0', available: '2' },
        { asset: 'USDC', settled: '710', reserved: '0', available: '710' },
      ],
      orders: [
        {
          ...{ orderId: `${a}.1`, accountId: a, clOrdId: 'c-1', symbol: 'SOL/USDC', side: 'buy', type: 'limit', timeInForce: 'gtc' },
          ...{ ordStatus: 'Filled', orderQty: '2', cumQty: '2', leavesQty: '0', avgPx: '145', price: '150', position: filled },
        },
      ],
      executions: [{ execId: `${a}.1.1.1`, orderId: `${a}.1`, execType: 'Trade', lastQty: '2', lastPx: '145', position: filled }],
    }
  })
  after(() => audit.close())

  const verify = (answered: Rows) => {
    const asked: string[] = []
    const readModels = {
      async *rows(path: string, minPosition: string) {
        asked.push(minPosition)
        yield* answered[path.split('/').at(-1)!]!
      },
    }
    const { store, instruments } = audit
    return verifyReadModels({ store, instruments, readModels, accounts: [a] }).then((found) => ({ ...found, asked }))
  }
  const brief = (differences: readonly Difference[]) => differences.map(({ table, id }) => `${table} ${id}`)

  it('finds no difference where there is none, at the position of the last event', async () => {
    const { accounts, orders, executions, differences, asked } = await verify(rows)
    assert.deepEqual({ accounts, orders, executions, differences }, { accounts: 1, orders: 1, executions: 1, differences: [] })
    assert.deepEqual(asked, [filled, filled, filled])
  })
  it('finds every field that is otherwise', async () => {
    for (const [table, field, value] of [
      ['balances', 'available', '1.999999999'],
      ['orders', 'ordStatus', 'PartiallyFilled'],
      ['orders', 'position', '1'],
      ['orders', 'text', 'SLIPPAGE'],
      ['executions', 'lastPx', '145.000000000001'],
      ['executions', 'busted', true],
    ] as const) {
      const [first, ...rest] = rows[table]!
      const { differences } = await verify({ ...rows, [table]: [{ ...first, [field]: value }, ...rest] })
      assert.equal(differences.length, 1, `${table}.${field}`)
      assert.equal(differences[0]!.readModel?.[field], value)
    }
  })
  it('finds rows that are missing and rows that should not be', async () => {
    assert.deepEqual(brief((await verify({ ...rows, executions: [] })).differences), [`executions ${a}.1.1.1`])
    const extra = { ...rows.orders![0]!, orderId: `${a}.2` }
    assert.deepEqual(brief((await verify({ ...rows, orders: [...rows.orders!, extra] })).differences), [`orders ${a}.2`])
  })
  it('allows a field more, and a balance of nothing', async () => {
    const nothing = { asset: 'BONK', settled: '0', reserved: '0', available: '0' }
    const { differences } = await verify({ ...rows, balances: [...rows.balances!.map((row) => ({ ...row, extra: 1 })), nothing] })
    assert.deepEqual(differences, [])
  })
})
