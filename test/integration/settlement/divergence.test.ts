import assert from 'node:assert/strict'
import { createTransferCheckedInstruction } from '@solana/spl-token'
import { PublicKey, TransactionMessage, VersionedTransaction } from '@solana/web3.js'
import type { DataOf } from '../../../src/events/account/account-event.ts'
import { decodeEvent } from '../../../src/events/decode.ts'
import { accountScope, controlStream } from '../../../src/events/scope.ts'
import { tokenAccountOf } from '../../../src/rpc/account-reads.ts'
import type { SettlementDeps } from '../../../src/settlement/deps.ts'
import { openStand, type Stand, settled, until } from './stand.ts'
import { openStranger, type Stranger } from './stranger.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n

describe('what the chain does behind the ledger’s back', function () {
  this.timeout(120_000)
  let stand: Stand
  let stranger: Stranger
  before(async () => {
    stand = await openStand()
    stranger = openStranger(stand.places.faucetFile, stand.places.rpc[0]!)
  })
  after(() => stand.close())

  const often = (deps: SettlementDeps): SettlementDeps => ({ ...deps, reconcileMs: 50, arrivalsMs: 50 })
  const of = async <
    T extends 'LedgerDivergenceFound' | 'LedgerDivergenceResolved' | 'LedgerCorrected' | 'TransactionLandedLate' | 'TradeOverfilled',
  >(
    accountId: string,
    type: T,
  ) => (await stand.events(accountId)).flatMap((event) => (event.type === type ? [event.data as DataOf<T>] : []))
  const controls = async (accountId: string) => {
    const all = []
    for await (const recorded of stand.store.readStream(controlStream(accountScope(accountId)))) all.push(decodeEvent(recorded))
    return all
  }
  const does = async (accountId: string, command: Parameters<Stand['command']>[1]) => {
    const executed = await stand.command(accountId, command)
    assert.ok(executed.kind === 'answered')
    return executed.answer
  }

  it('is found once by two workers, stops the account, and is over once people have corrected it', async () => {
    const workers = [await stand.startWorker(often), await stand.startWorker(often)]
    const accountId = await stand.openAccount({ USDC: 100n * USDC })
    await moveOut(stand, stranger, accountId, 40n * USDC)
    const [found] = await until(async () => {
      const all = await of(accountId, 'LedgerDivergenceFound')
      return all.length > 0 && all
    })
    assert.deepEqual([found!.asset, found!.ledger, found!.chain], ['USDC', String(100n * USDC), String(60n * USDC)])
    await until(async () => (await controls(accountId)).length > 0)
    const looked = async () => {
      const all = []
      for await (const recorded of stand.store.readStream('reconciliation')) all.push(decodeEvent(recorded))
      return all.flatMap((event) => (event.type === 'ReconciliationCompleted' ? [event.data] : []))
    }
    await until(async () => (await looked()).length > 0)
    // found again and again meanwhile, by both: on record once, halted once, each run once
    const [control, ...others] = await controls(accountId)
    assert.ok(control?.type === 'ControlSet' && control.data.state === 'HALTED')
    assert.match(control.data.reason, new RegExp(`^divergence ${found!.divergenceId}: `))
    assert.deepEqual(others, [])
    const runs = (await looked()).map(({ runId }) => runId)
    assert.deepEqual(runs, [...new Set(runs)])

    const usdc = stand.instruments.byAsset('USDC')!
    const ask = {
      type: 'RequestCorrection',
      correctionId: 'lost',
      asset: usdc,
      amount: -40n * USDC,
      reason: 'moved by hand',
      by: 'k1',
    } as const
    assert.equal((await does(accountId, ask)).kind, 'document')
    assert.equal((await does(accountId, { type: 'ApproveCorrection', correctionId: 'lost', by: 'k1' })).kind, 'refused')
    assert.equal((await does(accountId, { type: 'ApproveCorrection', correctionId: 'lost', by: 'k2' })).kind, 'document')
    const [resolved] = await until(async () => {
      const all = await of(accountId, 'LedgerDivergenceResolved')
      return all.length > 0 && all
    })
    assert.deepEqual([resolved!.divergenceId, resolved!.resolution], [found!.divergenceId, 'equal'])
    assert.equal((await of(accountId, 'LedgerDivergenceFound')).length, 1)
    assert.equal(settled(await stand.state(accountId), 'USDC'), (await stand.chainBalances(accountId)).USDC)
    for (const worker of workers) await worker.close()
  })

  it('is over when the money comes back, and nothing is found where trades and transfers run', async () => {
    const worker = await stand.startWorker(often)
    const [accountId, busy, taker] = await Promise.all([
      stand.openAccount({ USDC: 100n * USDC }),
      stand.openAccount({ USDC: 500n * USDC }),
      stand.openAccount(),
    ])
    const wallet = (await stand.state(accountId)).wallet!.publicKey
    await moveOut(stand, stranger, accountId, 40n * USDC)
    await stand.ended(busy, await stand.place(busy, { orderQty: SOL }))
    await until(async () => (await does(busy, transfer(stand, taker))).kind === 'document')
    await until(async () => (await of(accountId, 'LedgerDivergenceFound')).length === 1)
    await stranger.send(...stranger.instructions.usdc(wallet, 40n * USDC))
    await until(async () => (await of(accountId, 'LedgerDivergenceResolved')).length === 1)
    assert.equal(settled(await stand.state(accountId), 'USDC'), 100n * USDC, 'what comes back is no credit')
    await until(async () => settled(await stand.state(taker), 'USDC') === 5n * USDC)
    for (const other of [busy, taker]) assert.deepEqual(await of(other, 'LedgerDivergenceFound'), [])
    await worker.close()
  })

  it('is a late landing where a proof of expiry was a lie: booked as the chain has it, and the account stands still', async () => {
    // endpoints that hide what has landed, and tell of heights that are not there
    const hidden = new Set<string>()
    let lying = false
    const worker = await stand.startWorker((deps) => {
      const { chain } = often(deps)
      return {
        ...often(deps),
        chain: {
          ...chain,
          send: async (wire) => {
            const answer = await chain.send(wire)
            const signature = VersionedTransaction.deserialize(wire).signatures[0]!
            if (lying) hidden.add(Buffer.from(signature).toString('hex'))
            return answer
          },
          statuses: async (signatures, options) => {
            const answer = await chain.statuses(signatures, options)
            if (!answer.ok || !lying) return answer
            return { ok: true, value: { ...answer.value, states: answer.value.states.map(() => null) } }
          },
          statusAt: async (endpoint, signature) => {
            const answer = await chain.statusAt(endpoint, signature)
            return answer.ok && lying ? { ok: true, value: { ...answer.value, slot: Number.MAX_SAFE_INTEGER, state: null } } : answer
          },
          blockhashValidAt: async (endpoint, blockhash) =>
            lying ? { ok: true, value: false } : chain.blockhashValidAt(endpoint, blockhash),
          finalizedHeights: async () => {
            const heights = await chain.finalizedHeights()
            return lying ? heights.map((each) => ({ ...each, height: each.height + 10_000 })) : heights
          },
          // the history of the wallet is what nobody thought of
        },
      }
    })
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    lying = true
    const number = await stand.place(accountId, { orderQty: SOL })
    await until(async () => (await stand.events(accountId)).some(({ type }) => type === 'TransactionExpired'))
    lying = false
    await until(async () => (await of(accountId, 'TransactionLandedLate')).length > 0, 60)
    await until(async () => (await controls(accountId)).length > 0)
    const control = (await controls(accountId))[0]
    assert.ok(control?.type === 'ControlSet' && control.data.state === 'HALTED')
    assert.match(control.data.reason, /^late landing /)
    await until(async () => (await stand.state(accountId)).orders.size === 0)
    const state = await stand.state(accountId)
    const chain = await stand.chainBalances(accountId)
    assert.deepEqual([settled(state, 'SOL'), settled(state, 'USDC')], [chain.SOL, chain.USDC])
    const bought = (await stand.events(accountId)).filter(({ type }) => type === 'TradeBooked' || type === 'TradeOverfilled')
    assert.equal(BigInt(bought.length) * SOL, chain.SOL, 'each execution that the chain has is booked once')
    assert.equal(bought[0]!.type, 'TradeBooked')
    assert.equal((await stand.ended(accountId, number)).type, 'TradeBooked')
    assert.deepEqual(await of(accountId, 'LedgerDivergenceFound'), [])
    await worker.close()
  })
})

const transfer = (stand: Stand, to: string) =>
  ({ type: 'RequestTransfer', transferId: 't', asset: stand.instruments.byAsset('USDC')!, amount: 5n * USDC, to }) as const

/** Somebody who has the wallet's key moves tokens to an address of his own. */
const moveOut = async (stand: Stand, stranger: Stranger, accountId: string, amount: bigint): Promise<void> => {
  const { mint, decimals } = stand.instruments.byAsset('USDC')!
  const { signer } = stand.deps().keystore.wallet(accountId)
  const theirs = stranger.key.publicKey
  await stranger.send(...stranger.instructions.usdc(theirs.toBase58(), 1n))
  const from = tokenAccountOf({ owner: signer.publicKey, mint })
  const to = tokenAccountOf({ owner: theirs.toBase58(), mint })
  const instruction = createTransferCheckedInstruction(from, new PublicKey(mint), to, new PublicKey(signer.publicKey), amount, decimals)
  const { blockhash } = await stranger.connection.getLatestBlockhash()
  const message = new TransactionMessage({ payerKey: theirs, recentBlockhash: blockhash, instructions: [instruction] }).compileToV0Message()
  const transaction = new VersionedTransaction(message)
  transaction.sign([stranger.key])
  transaction.addSignature(new PublicKey(signer.publicKey), await signer.sign(message.serialize()))
  const signature = await stranger.connection.sendTransaction(transaction, { skipPreflight: true })
  await until(async () => (await stranger.connection.getSignatureStatus(signature)).value?.err === null)
}
