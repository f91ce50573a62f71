import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from '../../src/cli/api.ts'
import {
  balancesOf,
  clientOf,
  endedOrder,
  exact,
  fundedAccount,
  launchProduct,
  newDataFolder,
  type Product,
  runFile,
  START_MS,
  until,
} from './support.ts'

const QUANTITY = '0.01'
const ORDERS = 24
const EVERY_MS = 80

describe('kill -9 under load', function () {
  this.timeout(START_MS)
  const accounts = ['kill-a', 'kill-b']
  let dataDir: string
  let product: Product
  /** orderId by clOrdId, as acknowledged. */
  const acknowledged = new Map<string, string>()

  before(async () => {
    dataDir = await newDataFolder()
    product = await launchProduct(dataDir)
    await Promise.all(accounts.map((account) => fundedAccount(product, account, { USDC: '10000' })))
  })
  after(async () => {
    await product?.stop()
    await rm(dataDir, { recursive: true, force: true })
  })

  /** A client that asks for the same order until it has an answer, wherever the product is by then. */
  const place = async (n: number): Promise<{ readonly clOrdId: string; readonly status: number; readonly orderId: string }> => {
    const clOrdId = `o-${n}`
    const accountId = accounts[n % accounts.length]!
    const order = { accountId, clOrdId, symbol: 'SOL/USDC', side: 'buy', type: 'market', quantity: QUANTITY, timeInForce: 'ioc' }
    const answered = async () => {
      const asked = await clientOf(product).call('POST', '/v1/orders', order)
      return ![202, 429, 500, 503].includes(asked.status) && asked
    }
    // as long as the product may take to be there again
    const { status, body } = await until(`an answer to ${clOrdId}`, answered, START_MS)
    assert.ok(status === 200 || status === 201, `${clOrdId}: ${status} ${JSON.stringify(body)}`)
    return { clOrdId, status, orderId: String(body.orderId) }
  }
  const placeAndNote = async (n: number): Promise<void> => {
    const { clOrdId, orderId } = await place(n)
    acknowledged.set(clOrdId, orderId)
  }
  const load = (from: number) =>
    Promise.all(Array.from({ length: ORDERS }, (_, i) => sleep(i * EVERY_MS).then(() => placeAndNote(from + i))))
  const ready = () => until('readiness', async () => (await fetch(`${product.url}/health/ready`)).status === 200)

  it('of the event store: every order is answered and the part is back', async () => {
    const placing = load(0)
    await sleep((ORDERS * EVERY_MS) / 2)
    const { pid } = await runFile(dataDir, 'eventstore')
    process.kill(pid, 'SIGKILL')
    await placing
    await ready()
    assert.notEqual((await runFile(dataDir, 'eventstore')).pid, pid)
  })
  it('of the whole product: it starts again on what is left', async () => {
    const placing = load(ORDERS)
    await sleep((ORDERS * EVERY_MS) / 2)
    process.kill(product.pid, 'SIGKILL')
    await product.ended
    const again = launchProduct(dataDir).then((started) => {
      product = started
    })
    await Promise.all([again, placing])
  })
  it('the same orders asked for again are the same orders', async () => {
    for (let n = 0; n < 2 * ORDERS; n++) {
      const { clOrdId, status, orderId } = await place(n)
      assert.deepEqual([status, orderId], [200, acknowledged.get(clOrdId)])
    }
  })
  it('nothing is lost, nothing doubled, nothing left open or reserved', async () => {
    assert.equal(acknowledged.size, 2 * ORDERS)
    assert.equal(new Set(acknowledged.values()).size, acknowledged.size)
    for (const [clOrdId, orderId] of acknowledged) {
      const order = await endedOrder(product, orderId)
      assert.deepEqual([order.clOrdId, order.ordStatus, order.cumQty], [clOrdId, 'Filled', QUANTITY])
    }
    const { body } = await clientOf(product, 'operator').persist('GET', '/v1/status')
    for (const account of accounts) {
      const executions: Json[] = []
      for await (const row of clientOf(product).rows(`/v1/accounts/${account}/executions`, String(body.headPosition))) executions.push(row)
      const orders = [...acknowledged.values()].filter((id) => id.startsWith(`${account}.`)).length
      assert.equal(executions.length, orders)
      const balances = await balancesOf(product, account, body.headPosition)
      assert.equal(exact(balances.SOL!.settled), exact(QUANTITY) * BigInt(orders))
      for (const row of Object.values(balances)) assert.equal(row.reserved, '0', JSON.stringify(row))
    }
  })
  it('no compensation stays unresolved', async () => {
    await until('resolved compensations', async () => {
      const { body } = await clientOf(product, 'operator').call('GET', '/v1/compensations?state=unresolved')
      return (body.data as Json[]).length === 0
    })
  })
})
