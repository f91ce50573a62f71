import assert from 'node:assert/strict'
import type { Json } from '../../src/cli/api.ts'
import { accountStream } from '../../src/events/streams.ts'
import { balancesOf, clientOf, endedOrder, exact, launchProduct, type Product, START_MS, sharedProduct, until } from './support.ts'

describe('the main job over HTTP', function () {
  this.timeout(90_000)
  const account = `job-${Date.now().toString(36)}`
  const terms = {
    accountId: account,
    clOrdId: 'c-1',
    symbol: 'SOL/USDC',
    side: 'buy',
    type: 'market',
    quantity: '1.5',
    timeInForce: 'ioc',
  }
  let product: Product
  let bought: Json
  const trader = () => clientOf(product)
  const auditor = () => clientOf(product, 'auditor')
  const events = async (): Promise<Json[]> =>
    (await auditor().call('GET', `/v1/audit/streams/${accountStream(account)}/events?limit=1000`)).body.data as Json[]
  const ofType = async (type: string): Promise<Json[]> => (await events()).filter((event) => event.type === type)

  before(async function () {
    this.timeout(START_MS)
    product = await sharedProduct()
  })

  it('1 opens an account, once, and gives it a wallet on the chain', async () => {
    assert.equal((await trader().call('POST', '/v1/accounts', { accountId: account })).status, 201)
    assert.equal((await trader().call('POST', '/v1/accounts', { accountId: account })).status, 200)
    const [wallet] = await until('the wallet', async () => {
      const found = await ofType('WalletAssigned')
      return found.length > 0 && found
    })
    assert.match(String((wallet!.data as Json).publicKey), /^[1-9A-HJ-NP-Za-km-z]{32,44}$/)
  })

  it('2 credits a deposit from what arrived on the chain, once', async () => {
    const deposit = { depositId: 'd-1', asset: 'USDC', amount: '1000' }
    const path = `/v1/accounts/${account}/deposits`
    assert.equal((await trader().call('POST', path, deposit)).status, 201)
    await until('the credit', async () => (await balancesOf(product, account)).USDC?.settled === '1000')
    const again = await trader().call('POST', path, deposit)
    assert.deepEqual([again.status, again.body.depositId], [200, 'd-1'])
    const other = await trader().call('POST', path, { ...deposit, amount: '999' })
    assert.deepEqual([other.status, other.body.code], [409, 'duplicate_deposit_id'])
    const [credit, ...more] = await ofType('FundsCredited')
    assert.equal(more.length, 0)
    assert.equal((credit!.data as Json).amount, '1000000000')
  })

  it('3 fills a market order by a signed swap, from the transaction’s balance changes', async () => {
    const placed = await trader().call('POST', '/v1/orders', terms)
    assert.equal(placed.status, 201, JSON.stringify(placed.body))
    assert.match(String(placed.body.position), /^\d+$/)
    bought = await endedOrder(product, placed.body.orderId)
    assert.deepEqual([bought.ordStatus, bought.cumQty, bought.leavesQty], ['Filled', '1.5', '0'])
    const types = (await events()).map(({ type }) => type)
    assert.ok(types.indexOf('TransactionSigned') < types.indexOf('TradeBooked'))
    const [trade] = await ofType('TradeBooked')
    const spent = exact('1000') - exact((await balancesOf(product, account, bought.position)).USDC!.settled)
    assert.equal(BigInt(String((trade!.data as Json).lastQuote)) * 10n ** 6n, spent)
  })
  it('3 lets a limit order rest, triggers it from a quote, and cancels another', async () => {
    const rest = { ...terms, clOrdId: 'c-rest', type: 'limit', timeInForce: 'gtc', quantity: '1', price: '1' }
    const resting = await trader().call('POST', '/v1/orders', rest)
    assert.deepEqual([resting.status, resting.body.ordStatus], [201, 'New'])
    const held = (await balancesOf(product, account, resting.body.position)).USDC!
    assert.equal(exact(held.available) + exact(held.reserved), exact(held.settled))
    assert.ok(exact(held.reserved) >= exact('1'))
    assert.equal((await trader().call('DELETE', `/v1/orders/${String(resting.body.orderId)}`)).status, 200)
    const gone = await endedOrder(product, resting.body.orderId)
    assert.equal(gone.ordStatus, 'Canceled')
    assert.equal((await balancesOf(product, account, gone.position)).USDC!.reserved, '0')
    const late = await trader().call('DELETE', `/v1/orders/${String(bought.orderId)}`)
    assert.deepEqual([late.status, late.body.code], [409, 'too_late_to_cancel'])
    const near = { ...rest, clOrdId: 'c-near', quantity: '0.5', price: '400' }
    const triggered = await trader().call('POST', '/v1/orders', near)
    assert.equal((await endedOrder(product, triggered.body.orderId)).ordStatus, 'Filled')
  })

  it('4 answers every read of the account, each with its position', async () => {
    const position = String(bought.position)
    for (const name of ['balances', 'orders', 'executions', 'positions', 'ledger']) {
      const { status, body } = await trader().call('GET', `/v1/accounts/${account}/${name}?minPosition=${position}`)
      assert.equal(status, 200, name)
      assert.ok((body.data as Json[]).length > 0, name)
      assert.ok(BigInt(String(body.asOfPosition)) >= BigInt(position), name)
    }
    const byClient = await trader().call('GET', `/v1/accounts/${account}/orders/by-client-id/c-1?minPosition=${position}`)
    assert.deepEqual((byClient.body.data as Json).orderId, bought.orderId)
    const { body } = await clientOf(product, 'operator').call('GET', '/v1/status')
    assert.ok((body.shards as Json[]).length >= 4)
    const never = await trader().call('GET', `/v1/accounts/${account}/balances?minPosition=${2n ** 62n}`)
    assert.deepEqual([never.status, never.body.code], [503, 'not_ready'])
  })

  it('5 tells the raw events, the account as it was, and an order’s story', async () => {
    const raw = await events()
    assert.deepEqual(
      raw.map(({ revision }) => revision),
      raw.map((_, i) => String(i)),
    )
    const [credit] = await ofType('FundsCredited')
    const asOf = await auditor().call('GET', `/v1/audit/accounts/${account}/as-of?position=${String(credit!.position)}`)
    assert.deepEqual((asOf.body.data as Json).balances, [{ asset: 'USDC', settled: '1000', reserved: '0', available: '1000' }])
    const told = await auditor().call('GET', `/v1/audit/orders/${String(bought.orderId)}/timeline`)
    const types = (told.body.data as Json[]).map(({ type }) => type)
    assert.deepEqual(types.slice(0, 4), ['OrderAccepted', 'TransactionSigned', 'TransactionLanded', 'TradeBooked'])
  })

  describe('6 ends what fails in the right way', () => {
    it('insufficient funds: 422, recorded once', async () => {
      const beyond = { ...terms, clOrdId: 'c-beyond', type: 'limit', timeInForce: 'gtc', quantity: '1000000', price: '100' }
      const first = await trader().call('POST', '/v1/orders', beyond)
      const again = await trader().call('POST', '/v1/orders', beyond)
      assert.deepEqual([first.status, first.body.code], [422, 'insufficient_funds'])
      assert.deepEqual([again.status, again.body.orderId], [422, first.body.orderId])
      assert.equal((await ofType('OrderRejected')).length, 1)
    })
    it('unknown symbol 422, malformed body 400, unknown account 404', async () => {
      const symbol = await trader().call('POST', '/v1/orders', { ...terms, clOrdId: 'c-s', symbol: 'NO/SUCH' })
      assert.deepEqual([symbol.status, symbol.body.code], [422, 'unknown_symbol'])
      const malformed = await trader().call('POST', '/v1/orders', { ...terms, clOrdId: 'c-m', quantity: 1.5 })
      assert.deepEqual([malformed.status, malformed.body.code], [400, 'invalid_request'])
      const nobody = await trader().call('POST', '/v1/orders', { ...terms, accountId: 'no-such-account' })
      assert.deepEqual([nobody.status, nobody.body.code], [404, 'not_found'])
    })
    it('the same clOrdId: 200 with the first order for the same terms, 409 for others', async () => {
      const same = await trader().call('POST', '/v1/orders', terms)
      assert.deepEqual([same.status, same.body.orderId], [200, bought.orderId])
      const other = await trader().call('POST', '/v1/orders', { ...terms, quantity: '2' })
      assert.deepEqual([other.status, other.body.code], [409, 'duplicate_cl_ord_id'])
    })
    it('a limit beyond the market, fill or kill: Canceled, and its funds are free again', async () => {
      // All that the orders before it brought is in the rows.
      const status = await clientOf(product, 'operator').call('GET', '/v1/status')
      const before = (await balancesOf(product, account, status.body.headPosition)).USDC!
      const kill = { ...terms, clOrdId: 'c-kill', type: 'limit', timeInForce: 'fok', quantity: '1', price: '2' }
      const placed = await trader().call('POST', '/v1/orders', kill)
      assert.equal(placed.status, 201, JSON.stringify(placed.body))
      const ended = await endedOrder(product, placed.body.orderId)
      assert.equal(ended.ordStatus, 'Canceled')
      const after = (await balancesOf(product, account, ended.position)).USDC!
      assert.deepEqual([after.settled, after.reserved], [before.settled, '0'])
      const unresolved = await clientOf(product, 'operator').call(
        'GET',
        `/v1/compensations?state=unresolved&minPosition=${String(ended.position)}`,
      )
      // Other tests share the product.
      const own = (unresolved.body.data as readonly { accountId: string }[]).filter(({ accountId }) => accountId === account)
      assert.deepEqual(own, [])
    })
  })

  it('8 keeps each key to its scopes and accounts', async () => {
    for (const name of ['analyst', 'auditor', 'operator'] as const)
      assert.equal((await clientOf(product, name).call('POST', '/v1/orders', terms)).status, 403, name)
    assert.equal((await trader().call('GET', `/v1/audit/orders/${String(bought.orderId)}/timeline`)).status, 403)
  })

  describe('7 stopped and started again', () => {
    it('has all that was there, and finishes the order that was in flight', async function () {
      this.timeout(START_MS)
      const { dataDir } = product
      const inFlight = await trader().call('POST', '/v1/orders', { ...terms, clOrdId: 'c-flight', quantity: '0.25' })
      assert.equal(inFlight.status, 201)
      const before = await events()
      assert.equal(await product.stop(), 0)
      const again = await launchProduct(dataDir)
      Object.assign(product, again)
      assert.equal((await endedOrder(product, inFlight.body.orderId)).ordStatus, 'Filled')
      const after = await events()
      assert.deepEqual(after.slice(0, before.length), before)
      const trades = (await ofType('TradeBooked')).filter((event) => (event.data as Json).orderId === inFlight.body.orderId)
      assert.equal(trades.length, 1)
    })
  })
})
