import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'
import { AMM_PROGRAM_ID } from '../../../src/embedded/solana/amm.ts'
import type { DataOf } from '../../../src/events/account/account-event.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { createRfqVenue } from '../../../src/rpc/venue/rfq.ts'
import type { SettlementDeps } from '../../../src/settlement/deps.ts'
import { rpc } from '../solana-node/start-part.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n

describe('swaps over durable nonces', function () {
  this.timeout(120_000)
  let stand: Stand
  before(async () => {
    stand = await openStand()
  })
  after(() => stand.close())
  const workers: { close(): Promise<void> }[] = []
  const start = async (change: (deps: SettlementDeps) => SettlementDeps) => {
    const worker = await stand.startWorker(change)
    workers.push(worker)
    return worker
  }
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.close()
  })
  beforeEach(() => stand.setPrice('SOL/USDC', '150'))

  const withNonces = (deps: SettlementDeps): SettlementDeps => ({ ...deps, durableNonces: 'all' })
  const signedOf = async (accountId: string, purpose: DataOf<'TransactionSigned'>['purpose']) =>
    (await stand.events(accountId)).flatMap((event) =>
      event.type === 'TransactionSigned' && event.data.purpose === purpose ? [event.data] : [],
    )
  const ledgerIsChain = async (accountId: string): Promise<void> => {
    const [state, chain] = [await stand.state(accountId), await stand.chainBalances(accountId)]
    for (const asset of ['SOL', 'USDC']) assert.equal(settled(state, asset), chain[asset], asset)
  }
  const typesOf = async (accountId: string, ref: string) =>
    (await stand.events(accountId)).flatMap(({ type, data }) => ('ref' in data && data.ref === ref ? [type] : []))
  /** Sends of swaps get lost on the way; our own nonce transactions do not. */
  const swapsLost = (lost: () => boolean) => (deps: SettlementDeps) => ({
    ...withNonces(deps),
    chain: {
      ...deps.chain,
      send: async (wire: Uint8Array, options?: { readonly fanout?: number }) => {
        const swap = VersionedTransaction.deserialize(wire).message.staticAccountKeys.some((key) => key.equals(AMM_PROGRAM_ID))
        return swap && lost() ? { accepted: [], failures: [] } : deps.chain.send(wire, options)
      },
    },
  })
  const landsLate = async (rawBytes: string): Promise<boolean> => {
    await rpc(stand.places.rpc[0]!, 'sendTransaction', rawBytes, { encoding: 'base64', skipPreflight: true })
    await sleep(500)
    const signature = bs58.encode(VersionedTransaction.deserialize(Buffer.from(rawBytes, 'base64')).signatures[0]!)
    const { result } = await rpc(stand.places.rpc[0]!, 'getSignatureStatuses', [signature], { searchTransactionHistory: true })
    return (result as { value: unknown[] }).value[0] !== null
  }

  it('make the nonce account first, then live by it, one value after the other', async () => {
    const worker = await start(withNonces)
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const first = await stand.place(accountId, { orderQty: SOL })
    assert.equal((await stand.ended(accountId, first, 60)).type, 'TradeBooked')
    const [setup] = await signedOf(accountId, 'nonce_setup')
    assert.ok(setup)
    assert.match(setup.ref, /^n-/)
    const [swap] = await signedOf(accountId, 'swap')
    assert.equal(`n-${swap?.nonce?.account}`, setup.ref)
    assert.equal(VersionedTransaction.deserialize(Buffer.from(swap!.rawBytes, 'base64')).message.recentBlockhash, swap!.nonce!.value)
    // What it cost is the house's.
    const landed = (await stand.events(accountId)).find((event) => event.type === 'TransactionLanded' && event.data.ref === setup.ref)
    assert.equal(landed?.type === 'TransactionLanded' && landed.data.rent, '1447680')
    const second = await stand.place(accountId, { orderQty: SOL })
    assert.equal((await stand.ended(accountId, second, 60)).type, 'TradeBooked')
    const values = (await signedOf(accountId, 'swap')).map(({ nonce }) => nonce?.value)
    assert.equal(new Set(values).size, 2)
    assert.ok(values.every((value) => value !== undefined))
    await ledgerIsChain(accountId)
    await worker.close()
  })

  it('wait for a signature longer than a blockhash lives', async () => {
    const rfq = createRfqVenue({ url: stand.places.venue, registry: createRegistry('rfq') })
    const slow = (mode: 'cosigned' | 'off') => (deps: SettlementDeps) => ({
      ...deps,
      durableNonces: mode,
      venue: {
        ...rfq,
        build: async (...asked: Parameters<typeof rfq.build>) => {
          const built = await rfq.build(...asked)
          if (!built.ok) return built
          const cosigners = built.value.cosigners.map((other) => ({
            ...other,
            sign: async (message: Uint8Array) => {
              const signature = await other.sign(message)
              // More than 150 slots of the local chain.
              await sleep(9_000)
              return signature
            },
          }))
          return { ok: true as const, value: { ...built.value, cosigners } }
        },
      },
    })
    // The maker fetches its first stock when it is first asked.
    const [sol, usdc] = ['SOL', 'USDC'].map((asset) => stand.instruments.byAsset(asset)!.mint) as [string, string]
    const asked = { mode: 'exact_out', inputMint: usdc, outputMint: sol, amount: SOL, taker: AMM_PROGRAM_ID.toBase58() } as const
    await until(async () => (await rfq.quote(asked)).ok)
    const funding = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    await funding.close()
    const hasty = await start(slow('off'))
    const lost = await stand.place(accountId, { orderQty: SOL })
    await until(async () => (await typesOf(accountId, String(lost))).includes('TransactionExpired'), 60)
    await hasty.close()
    const patient = await start(slow('cosigned'))
    assert.equal((await stand.ended(accountId, lost, 60)).type, 'TradeBooked')
    const swaps = await signedOf(accountId, 'swap')
    assert.equal(swaps[0]?.nonce, undefined)
    assert.ok(swaps.at(-1)?.nonce)
    await ledgerIsChain(accountId)
    await patient.close()
    await rfq.close()
  })

  it('are cancelled by advancing the nonce, and what was signed can never land after that', async () => {
    const worker = await start(swapsLost(() => true))
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const number = await stand.place(accountId, { orderQty: SOL })
    const [swap] = await until(async () => {
      const all = await signedOf(accountId, 'swap')
      return all.length > 0 && all
    }, 60)
    await stand.command(accountId, { type: 'CancelOrder', number })
    assert.equal((await stand.state(accountId)).orders.get(number)?.ordStatus, 'PendingCancel')
    // A worker that knows nothing but the log takes over.
    await worker.close()
    const next = await start(swapsLost(() => true))
    const end = await stand.ended(accountId, number, 60)
    assert.ok(end.type === 'OrderCanceled', JSON.stringify(end))
    const expired = (await stand.events(accountId)).find((event) => event.type === 'TransactionExpired')
    assert.ok(expired?.type === 'TransactionExpired' && expired.data.proof.length === 2)
    for (const { nonce } of expired.data.proof) assert.ok(nonce && nonce !== swap!.nonce!.value)
    assert.equal((await signedOf(accountId, 'nonce_advance')).length, 1)
    assert.equal(await landsLate(swap!.rawBytes), false)
    await ledgerIsChain(accountId)
    await next.close()
  })

  it('are taken back when they have not landed in time, and signed anew', async () => {
    let lost = true
    const worker = await start(swapsLost(() => lost))
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const number = await stand.place(accountId, { orderQty: SOL })
    await until(async () => (await typesOf(accountId, String(number))).includes('TransactionExpired'), 60)
    lost = false
    assert.equal((await stand.ended(accountId, number, 60)).type, 'TradeBooked')
    const [first, ...more] = await signedOf(accountId, 'swap')
    assert.ok(more.length >= 1)
    assert.equal(await landsLate(first!.rawBytes), false)
    assert.equal(settled(await stand.state(accountId), 'SOL'), SOL)
    await ledgerIsChain(accountId)
    await worker.close()
  })

  it('are booked when they land late, after their time and before the nonce was taken away', async () => {
    const worker = await start((deps) => ({
      ...withNonces(deps),
      // Neither the swap nor the advance gets through.
      chain: {
        ...deps.chain,
        send: async (wire, options) => {
          const { message } = VersionedTransaction.deserialize(wire)
          const ofNonce = message.compiledInstructions.some(({ data }) => Buffer.from(data).equals(Buffer.from([4, 0, 0, 0])))
          return ofNonce ? { accepted: [], failures: [] } : deps.chain.send(wire, options)
        },
      },
    }))
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    const number = await stand.place(accountId, { orderQty: SOL })
    await until(async () => (await signedOf(accountId, 'nonce_advance')).length > 0, 60)
    const [swap] = await signedOf(accountId, 'swap')
    assert.equal(await landsLate(swap!.rawBytes), true)
    assert.equal((await stand.ended(accountId, number, 60)).type, 'TradeBooked')
    await ledgerIsChain(accountId)
    await worker.close()
  })
})
