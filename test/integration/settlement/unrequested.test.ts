import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import { reconcile } from '../../../src/settlement/reconcile.ts'
import { openStand, type Stand, settled, until } from './stand.ts'
import { openStranger, type Stranger } from './stranger.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n
const idOf = (signature: string) => `chain-${createHash('sha256').update(signature).digest('hex').slice(0, 32)}`

describe('money that comes to a wallet unasked', function () {
  this.timeout(90_000)
  let stand: Stand
  let stranger: Stranger
  before(async () => {
    stand = await openStand()
    stranger = openStranger(stand.places.faucetFile, stand.places.rpc[0]!)
  })
  after(() => stand.close())

  const startWorker = () => stand.startWorker((deps) => ({ ...deps, arrivalsMs: 100 }))
  const credits = async (accountId: string) =>
    (await stand.events(accountId)).flatMap((event) => (event.type === 'FundsCredited' ? [event.data] : []))
  const walletOf = (accountId: string) => until(async () => (await stand.state(accountId)).wallet?.publicKey)
  const holds = (accountId: string, asset: string, units: bigint) =>
    until(async () => settled(await stand.state(accountId), asset) === units)
  const ledgerIsChain = async (accountId: string): Promise<void> => {
    const [state, chain] = [await stand.state(accountId), await stand.chainBalances(accountId)]
    for (const asset of ['SOL', 'USDC']) assert.equal(settled(state, asset), chain[asset], asset)
  }

  it('is credited once it is final: tokens, wrapped SOL, and native SOL when it is wrapped', async () => {
    const worker = await startWorker()
    const accountId = await stand.openAccount()
    const wallet = await walletOf(accountId)
    const { instructions, send } = stranger
    const usdc = await send(...instructions.usdc(wallet, 7n * USDC))
    const wrapped = await send(...instructions.wrapped(wallet, 2n * SOL))
    const native = await send(...instructions.native(wallet, 3n * SOL))
    await Promise.all([holds(accountId, 'USDC', 7n * USDC), holds(accountId, 'SOL', 5n * SOL)])
    const booked = await credits(accountId)
    assert.deepEqual(
      booked.map(({ depositId, asset, amount }) => [depositId, asset, BigInt(amount)]).sort(),
      [
        [idOf(usdc), 'USDC', 7n * USDC],
        [idOf(wrapped), 'SOL', 2n * SOL],
        [idOf(native), 'SOL', 3n * SOL],
      ].sort(),
    )
    // Taken at `finalized` only: the slot of the credit was final when it was booked.
    const unrequested = booked.filter(({ slot }) => slot !== undefined)
    assert.equal(unrequested.length, 2)
    await ledgerIsChain(accountId)
    assert.equal(await stranger.connection.getBalance(stranger.key.publicKey).then((lamports) => lamports > 0), true)
    const { differences } = await reconcile(stand.deps())
    assert.deepEqual(
      differences.filter((each) => each.accountId === accountId),
      [],
    )
    // It is money like any other.
    const number = await stand.place(accountId, { side: 'sell', orderQty: 4n * SOL })
    assert.equal((await stand.ended(accountId, number)).type, 'TradeBooked')
    await ledgerIsChain(accountId)
    await worker.close()
  })

  it('is three deposits when one transaction fills three accounts, and all of it comes when two native transfers meet', async () => {
    const worker = await startWorker()
    const accountId = await stand.openAccount()
    const wallet = await walletOf(accountId)
    const { instructions, send } = stranger
    const all = await send(
      ...instructions.usdc(wallet, USDC),
      ...instructions.wrapped(wallet, SOL),
      ...instructions.native(wallet, SOL),
      ...instructions.native(wallet, 1_000n),
    )
    // Less than a wallet's rent: it can be wrapped only with or after the rest.
    await send(...instructions.native(wallet, 5_000n))
    await Promise.all([holds(accountId, 'USDC', USDC), holds(accountId, 'SOL', 2n * SOL + 6_000n)])
    const ids = (await credits(accountId)).map(({ depositId }) => depositId).filter((id) => id.startsWith(idOf(all)))
    assert.deepEqual(ids.sort(), [idOf(all), `${idOf(all)}-2`, `${idOf(all)}-3`])
    assert.equal(await stranger.connection.getBalance(await publicKey(wallet)), 0)
    await ledgerIsChain(accountId)
    await worker.close()
  })

  it('is told from our own transactions, and found once again when the cursors are lost', async () => {
    let asked = 0
    const worker = await stand.startWorker((deps) => ({
      ...deps,
      arrivalsMs: 100,
      chain: {
        ...deps.chain,
        signaturesOf: (address, range) => {
          asked++
          return deps.chain.signaturesOf(address, range)
        },
      },
    }))
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC, SOL: 5n * SOL })
    const wallet = await walletOf(accountId)
    const number = await stand.place(accountId, { orderQty: SOL })
    assert.equal((await stand.ended(accountId, number)).type, 'TradeBooked')
    const gift = await stranger.send(...stranger.instructions.usdc(wallet, 9n * USDC))
    await until(async () => (await credits(accountId)).some(({ depositId }) => depositId === idOf(gift)))
    await stand.pool.query('TRUNCATE settlement_arrivals')
    await worker.close()

    const next = await startWorker()
    const before = asked
    const second = await stranger.send(...stranger.instructions.usdc(wallet, 4n * USDC))
    await until(async () => (await credits(accountId)).some(({ depositId }) => depositId === idOf(second)))
    await until(async () => {
      const { rows } = await stand.pool.query('SELECT 1 FROM settlement_arrivals')
      return rows.length >= 2
    })
    assert.ok(before > 0)
    assert.deepEqual(
      (await credits(accountId)).filter(({ slot }) => slot !== undefined).map(({ depositId }) => depositId),
      [idOf(gift), idOf(second)],
    )
    await ledgerIsChain(accountId)
    await next.close()
  })

  it('is found for accounts of before, and while two workers believe to own the wallet', async () => {
    const first = await stand.startWorker((deps) => ({ ...deps, arrivalsMs: 600_000 }))
    const accountId = await stand.openAccount()
    const wallet = await walletOf(accountId)
    await first.close()
    await stranger.send(...stranger.instructions.usdc(wallet, 3n * USDC))
    await stranger.send(...stranger.instructions.native(wallet, SOL))
    await stand.pool.query('TRUNCATE settlement_wallets, settlement_work, settlement_checkpoints')
    const worker = await startWorker()
    await Promise.all([holds(accountId, 'USDC', 3n * USDC), holds(accountId, 'SOL', SOL)])
    assert.equal((await stand.events(accountId)).filter((event: AccountEvent) => event.type === 'FundsCredited').length, 2)
    await worker.close()
  })
})

const publicKey = async (address: string) => new (await import('@solana/web3.js')).PublicKey(address)
