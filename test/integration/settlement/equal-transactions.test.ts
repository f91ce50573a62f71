import assert from 'node:assert/strict'
import type { ChainAnswer, LatestBlockhash } from '../../../src/rpc/chain.ts'
import { nonceOf } from '../../../src/settlement/signing/nonce.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

const USDC = 10n ** 6n

describe('transactions that could be equal', function () {
  this.timeout(60_000)
  let stand: Stand
  before(async () => {
    stand = await openStand()
  })
  after(() => stand.close())

  it('are told apart by their nonce or, where that is the same, by the next blockhash', async () => {
    let pinned: Promise<ChainAnswer<LatestBlockhash>> | undefined
    const worker = await stand.startWorker((deps) => ({
      ...deps,
      chain: { ...deps.chain, latestBlockhash: () => pinned ?? deps.chain.latestBlockhash() },
    }))
    const accountId = await stand.openAccount()
    await until(async () => (await stand.state(accountId)).wallet !== undefined)
    const [one, two] = sameNonce()
    const asset = stand.instruments.byAsset('USDC')!

    pinned = stand.deps().chain.latestBlockhash()
    const deposit = (depositId: string) => stand.command(accountId, { type: 'RequestDeposit', depositId, asset, amount: USDC })
    await Promise.all([deposit(one), deposit(two), deposit('other')])
    const signed = async () =>
      (await stand.events(accountId)).flatMap((event) => (event.type === 'TransactionSigned' ? [event.data.signature] : []))
    await until(async () => (await signed()).length === 2)
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal((await signed()).length, 2)
    pinned = undefined

    await until(async () => settled(await stand.state(accountId), 'USDC') === 3n * USDC)
    assert.equal((await stand.chainBalances(accountId)).USDC, 3n * USDC)
    assert.equal(new Set(await signed()).size, 3)
    await worker.close()
  })
})

/** Two deposit ids whose transactions get the same nonce. */
const sameNonce = (): readonly [string, string] => {
  const byNonce = new Map<number, string>()
  for (let n = 0; ; n++) {
    const nonce = nonceOf(`d-x${n}`, 1)
    const known = byNonce.get(nonce)
    if (known !== undefined) return [known, `x${n}`]
    byNonce.set(nonce, `x${n}`)
  }
}
