import assert from 'node:assert/strict'
import { createMintToInstruction } from '@solana/spl-token'
import { PublicKey, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import { tokenAccountOf } from '../../../src/rpc/account-reads.ts'
import { reconcile } from '../../../src/settlement/reconcile.ts'
import { openStand, type Stand, until } from './stand.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n

describe('reconciliation of ledger and chain', function () {
  this.timeout(60_000)
  let stand: Stand
  // one for each try: all that its log holds is counted
  beforeEach(async () => {
    stand = await openStand()
  })
  afterEach(() => stand.close())

  it('finds no difference after trades, and names one that appears', async () => {
    const worker = await stand.startWorker()
    const [a, b] = [await stand.openAccount({ USDC: 500n * USDC, SOL: 2n * SOL }), await stand.openAccount({ USDC: 500n * USDC })]
    await stand.ended(a, await stand.place(a, { orderQty: SOL }))
    await stand.ended(b, await stand.place(b, { cashOrderQty: 10n * USDC }))
    const resting = await stand.place(b, { type: 'limit', timeInForce: 'gtc', price: '1', orderQty: SOL })
    assert.equal((await stand.state(b)).orders.get(resting)?.ordStatus, 'New')
    assert.deepEqual(await reconcile(stand.deps()), { accounts: 2, assets: 3, differences: [] })

    const ledger = (await stand.chainBalances(b)).USDC!
    await mintBehindTheLedger(stand, b, 7n)
    // not every endpoint has seen it confirmed at once
    const found = await until(async () => {
      const { differences } = await reconcile(stand.deps())
      return differences.length > 0 && differences
    })
    assert.deepEqual(found, [{ accountId: b, asset: 'USDC', ledger: ledger.toString(), chain: (ledger + 7n).toString(), inFlight: false }])
    await worker.close()
  })

  it('waits for work under way', async () => {
    const worker = await stand.startWorker()
    const accountId = await stand.openAccount({ SOL: 5n * SOL })
    const numbers = await Promise.all(Array.from({ length: 5 }, () => stand.place(accountId, { side: 'sell', orderQty: SOL })))
    const during = await reconcile(stand.deps())
    assert.deepEqual(
      during.differences.filter((difference) => difference.accountId === accountId),
      [],
    )
    for (const number of numbers) await stand.ended(accountId, number)
    await worker.close()
  })
})

const mintBehindTheLedger = async (stand: Stand, accountId: string, amount: bigint): Promise<void> => {
  const { chain, faucet, instruments } = stand.deps()
  const mint = instruments.byAsset('USDC')!.mint
  const owner = (await stand.state(accountId)).wallet!.publicKey
  const latest = await chain.latestBlockhash()
  assert.ok(latest.ok && faucet)
  const authority = new PublicKey(faucet.publicKey)
  const message = new TransactionMessage({
    payerKey: authority,
    recentBlockhash: latest.value.blockhash,
    instructions: [createMintToInstruction(new PublicKey(mint), tokenAccountOf({ owner, mint }), authority, amount)],
  }).compileToV0Message()
  const transaction = new VersionedTransaction(message)
  transaction.addSignature(authority, await faucet.sign(message.serialize()))
  assert.ok((await chain.send(transaction.serialize())).accepted.length > 0)
}
