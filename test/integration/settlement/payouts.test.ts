import assert from 'node:assert/strict'
import { Keypair } from '@solana/web3.js'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { withdrawableOf } from '../../../src/commands/ledger/provisional.ts'
import type { SettlementDeps } from '../../../src/settlement/deps.ts'
import { reconcile } from '../../../src/settlement/reconcile.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

const USDC = 10n ** 6n
const SOL = 10n ** 9n

describe('withdrawals and transfers on the embedded chain', function () {
  this.timeout(90_000)
  let stand: Stand
  before(async () => {
    stand = await openStand()
  })
  after(() => stand.close())

  /** An account whose funds are final. */
  const funded = async (funds: Partial<Record<'USDC' | 'SOL', bigint>>): Promise<string> => {
    const accountId = await stand.openAccount(funds)
    await until(async () => {
      const state = await stand.state(accountId)
      return Object.entries(funds).every(([asset, amount]) => withdrawableOf(state, asset) === amount)
    })
    return accountId
  }
  const does = async (accountId: string, command: AccountCommand): Promise<void> => {
    const executed = await stand.command(accountId, command)
    assert.ok(
      executed.kind === 'answered' && executed.answer.kind === 'document',
      JSON.stringify(executed, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
    )
  }
  const typesOf = async (accountId: string): Promise<string[]> => (await stand.events(accountId)).map(({ type }) => type)
  const count = async (accountId: string, type: string): Promise<number> =>
    (await typesOf(accountId)).filter((each) => each === type).length
  const asset = (name: string) => stand.instruments.byAsset(name)!
  const ledgerIsChain = async (...accounts: string[]): Promise<void> => {
    for (const accountId of accounts) {
      const state = await stand.state(accountId)
      for (const [name, amount] of Object.entries(await stand.chainBalances(accountId))) assert.equal(settled(state, name), amount, name)
    }
  }
  const onChain = async (owner: string, mint: string): Promise<bigint> => {
    const answer = await stand.deps().chain.tokenBalances([{ owner, mint }])
    assert.ok(answer.ok)
    return answer.value[0]!
  }

  it('sends a confirmed withdrawal of tokens and of SOL to its address, and books what left the wallet', async () => {
    const worker = await stand.startWorker()
    const accountId = await funded({ USDC: 100n * USDC, SOL: 2n * SOL })
    const destination = Keypair.generate().publicKey.toBase58()
    for (const [name, amount] of [
      ['USDC', 30n * USDC],
      ['SOL', SOL],
    ] as const) {
      const withdrawalId = `to-${name}`
      await does(accountId, { type: 'RequestWithdrawal', withdrawalId, asset: asset(name), amount, destination })
      await does(accountId, { type: 'ConfirmWithdrawal', withdrawalId })
    }
    await until(async () => (await stand.state(accountId)).payouts.size === 0)
    assert.deepEqual([await onChain(destination, asset('USDC').mint), await onChain(destination, asset('SOL').mint)], [30n * USDC, SOL])
    const state = await stand.state(accountId)
    assert.deepEqual([settled(state, 'USDC'), settled(state, 'SOL')], [70n * USDC, SOL])
    assert.ok(state.balances.every(({ reserved }) => reserved === 0n))
    await ledgerIsChain(accountId)
    await worker.close()
  })

  it('moves a transfer from wallet to wallet: the receiver books it once it is final', async () => {
    const worker = await stand.startWorker()
    const [from, to] = [await funded({ USDC: 100n * USDC }), await stand.openAccount()]
    await does(from, { type: 'RequestTransfer', transferId: 't', asset: asset('USDC'), amount: 40n * USDC, to })
    await until(async () => (await stand.state(from)).payouts.size === 0)
    const types = await typesOf(from)
    assert.ok(types.indexOf('TransactionsFinalized', types.indexOf('FundsTransferSent')) > 0)
    assert.equal(types.at(-1), 'FundsTransferCompleted')
    assert.deepEqual(await typesOf(to), ['AccountOpened', 'WalletAssigned', 'FundsTransferReceived'])
    assert.deepEqual([settled(await stand.state(from), 'USDC'), settled(await stand.state(to), 'USDC')], [60n * USDC, 40n * USDC])
    await ledgerIsChain(from, to)
    assert.deepEqual((await reconcile(stand.deps())).differences, [])
    await worker.close()
  })

  it('finds no difference while a transfer is in transit', async () => {
    const worker = await stand.startWorker()
    const [from, to] = [await funded({ USDC: 100n * USDC }), await stand.openAccount()]
    await worker.close()
    const held = await stand.startWorker((deps: SettlementDeps) => ({
      ...deps,
      handler: {
        ...deps.handler,
        execute: async (id, command, context) =>
          command.type === 'ReceiveTransfer' ? { kind: 'unavailable', detail: 'held' } : deps.handler.execute(id, command, context),
      },
    }))
    await does(from, { type: 'RequestTransfer', transferId: 't', asset: asset('USDC'), amount: 40n * USDC, to })
    await until(async () => (await count(from, 'FundsTransferSent')) === 1)
    assert.equal(await count(to, 'FundsTransferReceived'), 0)
    assert.deepEqual((await reconcile(stand.deps())).differences, [])
    await held.close()
    const next = await stand.startWorker()
    await until(async () => (await stand.state(from)).payouts.size === 0)
    assert.equal(settled(await stand.state(to), 'USDC'), 40n * USDC)
    await next.close()
  })

  it('recalls a transfer that vanished, sends the same bytes again, and the receiver gets it once', async () => {
    let hidden: string | undefined
    const worker = await stand.startWorker((deps: SettlementDeps) => ({
      ...deps,
      chain: {
        ...deps.chain,
        statuses: async (signatures, options) => {
          const answer = await deps.chain.statuses(signatures, options)
          if (!answer.ok) return answer
          const states = answer.value.states.map((state, i) => (signatures[i] === hidden ? null : state))
          return { ok: true, value: { ...answer.value, states } }
        },
        statusAt: async (endpoint, signature) => {
          const answer = await deps.chain.statusAt(endpoint, signature)
          return answer.ok && signature === hidden ? { ok: true, value: { ...answer.value, state: null } } : answer
        },
      },
    }))
    const [from, to] = [await funded({ USDC: 100n * USDC }), await stand.openAccount()]
    await does(from, { type: 'RequestTransfer', transferId: 't', asset: asset('USDC'), amount: 40n * USDC, to })
    hidden = await until(async () => (await stand.state(from)).payouts.get('t-t')?.sent?.signature)
    await until(async () => (await count(from, 'FundsTransferRecalled')) === 1)
    assert.deepEqual([(await stand.state(from)).balances.get('USDC')?.reserved, await count(to, 'FundsTransferReceived')], [40n * USDC, 0])
    hidden = undefined
    await until(async () => (await stand.state(from)).payouts.size === 0)
    assert.equal(await count(to, 'FundsTransferReceived'), 1)
    await ledgerIsChain(from, to)
    await worker.close()
  })

  it('goes on after a crash before or after any step of a transfer: sent once, received once', async () => {
    const opening = await stand.startWorker()
    const cuts = await Promise.all(
      STEPS.flatMap((step) =>
        (['before', 'after'] as const).map(async (when) => {
          const [from, to] = await Promise.all([funded({ USDC: 10n * USDC }), stand.openAccount()])
          return { step, when, from, to, dead: false }
        }),
      ),
    )
    await opening.close()
    // The worker is dead for an account from its cut on; nothing else of it is heard.
    const mortal = await stand.startWorker((deps: SettlementDeps) => ({
      ...deps,
      handler: {
        ...deps.handler,
        execute: async (id, command, context) => {
          const cut = cuts.find(({ from, to }) => id === from || id === to)
          if (cut?.dead) return { kind: 'unavailable', detail: 'dead' }
          if (!cut || command.type !== cut.step) return deps.handler.execute(id, command, context)
          if (cut.when === 'after') await deps.handler.execute(id, command, context)
          cut.dead = true
          return { kind: 'unavailable', detail: 'dead' }
        },
      },
    }))
    for (const { from, to } of cuts)
      await does(from, { type: 'RequestTransfer', transferId: 't', asset: asset('USDC'), amount: 4n * USDC, to })
    await until(async () => cuts.every(({ dead }) => dead))
    await mortal.close()
    const next = await stand.startWorker()
    for (const { step, when, from, to } of cuts) {
      await until(async () => (await stand.state(from)).payouts.size === 0)
      for (const [account, type] of [
        [from, 'FundsTransferSent'],
        [to, 'FundsTransferReceived'],
        [from, 'FundsTransferCompleted'],
      ] as const)
        assert.equal(await count(account, type), 1, `${type}, cut ${when} ${step}`)
      assert.deepEqual([settled(await stand.state(from), 'USDC'), settled(await stand.state(to), 'USDC')], [6n * USDC, 4n * USDC])
      await ledgerIsChain(from, to)
    }
    await next.close()
  })
})

const STEPS = ['RecordSigned', 'BookLanded', 'BookFinalized', 'ReceiveTransfer', 'CompleteTransfer'] as const
