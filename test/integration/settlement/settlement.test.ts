import assert from 'node:assert/strict'
import { openStand, type Stand, settled, until } from './stand.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n

describe('settlement on the embedded chain', function () {
  this.timeout(60_000)
  let stand: Stand
  before(async () => {
    stand = await openStand()
    await stand.startWorker()
  })
  after(() => stand.close())
  beforeEach(() => stand.setPrice('SOL/USDC', '150'))

  const ledgerIsChain = async (accountId: string): Promise<void> => {
    const state = await stand.state(accountId)
    for (const [asset, amount] of Object.entries(await stand.chainBalances(accountId))) assert.equal(settled(state, asset), amount, asset)
  }

  it('credits deposits of tokens and of SOL from what arrived on the chain', async () => {
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC, SOL: 3n * SOL, BONK: 7n })
    const state = await stand.state(accountId)
    assert.deepEqual([settled(state, 'USDC'), settled(state, 'SOL'), settled(state, 'BONK')], [1_000n * USDC, 3n * SOL, 7n])
    await ledgerIsChain(accountId)
  })

  it('fills a market buy exactly, from the balance changes', async () => {
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const number = await stand.place(accountId, { orderQty: (15n * SOL) / 10n })
    const end = await stand.ended(accountId, number)
    assert.ok(end.type === 'TradeBooked' && end.data.lastQty === String((15n * SOL) / 10n))
    const state = await stand.state(accountId)
    assert.equal(settled(state, 'SOL'), (15n * SOL) / 10n)
    assert.equal(settled(state, 'USDC'), 1_000n * USDC - BigInt(end.data.lastQuote))
    assert.ok(state.balances.every(({ reserved }) => reserved === 0n))
    await ledgerIsChain(accountId)
  })

  it('buys and sells by cash, and sells a quantity', async () => {
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC, SOL: 10n * SOL })
    for (const order of [
      { cashOrderQty: 100n * USDC },
      { side: 'sell', cashOrderQty: 100n * USDC },
      { side: 'sell', orderQty: 2n * SOL },
    ] as const) {
      const end = await stand.ended(accountId, await stand.place(accountId, order))
      assert.equal(end.type, 'TradeBooked', JSON.stringify(end.data))
    }
    await ledgerIsChain(accountId)
  })

  it('executes equal orders of one slot once each', async () => {
    const accountId = await stand.openAccount({ USDC: 10_000n * USDC })
    const numbers = await Promise.all(Array.from({ length: 8 }, () => stand.place(accountId, { orderQty: SOL / 100n }, '151')))
    for (const number of numbers) assert.equal((await stand.ended(accountId, number)).type, 'TradeBooked')
    assert.equal(settled(await stand.state(accountId), 'SOL'), (8n * SOL) / 100n)
    await ledgerIsChain(accountId)
  })

  it('ends a market order whose price is beyond its slippage as Canceled SLIPPAGE, with everything back', async () => {
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const number = await stand.place(accountId, { orderQty: SOL, maxSlippageBps: 10 })
    const end = await stand.ended(accountId, number)
    assert.ok(end.type === 'OrderCanceled' && end.data.text === 'SLIPPAGE')
    const state = await stand.state(accountId)
    assert.deepEqual([state.balances.get('USDC')?.available, state.balances.get('USDC')?.reserved], [1_000n * USDC, 0n])
    await ledgerIsChain(accountId)
  })

  it('kills an immediate limit order that no quote meets', async () => {
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const number = await stand.place(accountId, { type: 'limit', timeInForce: 'fok', price: '140', orderQty: SOL })
    const end = await stand.ended(accountId, number)
    assert.ok(end.type === 'OrderCanceled' && end.data.text === 'FOK_PRICE')
  })

  it('lets a limit order rest until the market comes to it, never paying more than its price', async () => {
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const number = await stand.place(accountId, { type: 'limit', timeInForce: 'gtc', price: '140', orderQty: 2n * SOL })
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.equal((await stand.state(accountId)).orders.get(number)?.ordStatus, 'New')
    // The mid is at the limit, but a real buy would pay the pool's fee on top: not yet.
    await stand.setPrice('SOL/USDC', '140')
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.equal(
      (await stand.events(accountId)).some(({ type }) => type === 'OrderTriggered'),
      false,
    )
    await stand.setPrice('SOL/USDC', '139')
    const end = await stand.ended(accountId, number)
    assert.ok(end.type === 'TradeBooked' && BigInt(end.data.lastQuote) <= 280n * USDC)
    await ledgerIsChain(accountId)
  })

  it('books finality of several attempts and lets the account go', async () => {
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    await stand.ended(accountId, await stand.place(accountId, { orderQty: SOL }))
    const final = await until(async () => {
      const refs = (await stand.events(accountId)).flatMap((event) =>
        event.type === 'TransactionsFinalized' ? event.data.transactions : [],
      )
      return refs.length === 2 && refs
    })
    assert.deepEqual(final.map(({ ref }) => ref).sort(), ['1', 'd-d-USDC'])
    const { pool } = stand
    await until(async () => (await pool.query('SELECT 1 FROM settlement_work WHERE account_id = $1', [accountId])).rowCount === 0)
  })

  it('pays fees and rent from the house wallet and shows them per transaction', async () => {
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    await stand.ended(accountId, await stand.place(accountId, { orderQty: SOL }))
    const landed = (await stand.events(accountId)).flatMap((event) => (event.type === 'TransactionLanded' ? [event.data] : []))
    assert.equal(landed.length, 2)
    for (const { fee, rent } of landed) assert.ok(BigInt(fee) >= 10_000n && BigInt(rent) === 2_039_280n, `${fee} ${rent}`)
  })

  it('fails a deposit that no faucet can make', async () => {
    const accountId = await stand.openAccount()
    const bonk = stand.instruments.byAsset('BONK')!
    await stand.command(accountId, { type: 'RequestDeposit', depositId: 'huge', asset: bonk, amount: 2n ** 70n })
    const failed = await until(async () => (await stand.events(accountId)).find(({ type }) => type === 'FundsDepositFailed'))
    assert.ok(failed.type === 'FundsDepositFailed' && failed.data.reason === 'AMOUNT_TOO_LARGE')
  })
})
