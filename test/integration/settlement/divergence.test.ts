import assert from 'node:assert/strict'
import { followRules } from '../../../src/events/rules.ts'
import { RECONCILIATION_STREAM } from '../../../src/events/streams.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { controlsOf, createLies, decodedOf, moveOut, of, often } from './behind-the-back.ts'
import { openStand, type Stand, settled, until } from './stand.ts'
import { openStandApi, type StandApi } from './stand-api.ts'
import { openStranger, type Stranger } from './stranger.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n

type Row = Readonly<Record<string, unknown>>

describe('what the chain does behind the ledger’s back', function () {
  this.timeout(120_000)
  let stand: Stand
  let stranger: Stranger
  before(async () => {
    stand = await openStand()
    stranger = openStranger(stand.places.faucetFile, stand.places.rpc[0]!)
  })
  after(() => stand.close())

  let liar: { close(): Promise<void> } | undefined
  afterEach(async () => {
    await liar?.close()
    liar = undefined
  })

  const does = async (accountId: string, command: Parameters<Stand['command']>[1]) => {
    const executed = await stand.command(accountId, command)
    assert.ok(executed.kind === 'answered')
    return executed.answer
  }

  describe('money that has left wallets, each 40 of 100 USDC short', () => {
    const stopping = new AbortController()
    const workers: { close(): Promise<void> }[] = []
    let api: StandApi
    let [lost, other, back] = ['', '', '']
    const short = () => [lost, other, back]
    before(async () => {
      const reference = {
        store: stand.store,
        clock: systemClock,
        ids: systemIds,
        log: createLog('test', 'silent'),
        signal: stopping.signal,
      }
      const rules = await followRules(reference)
      for (let i = 0; i < 2; i++) workers.push(await stand.startWorker((deps) => ({ ...often(deps), rules })))
      const opened = await Promise.all(short().map(() => stand.openAccount({ USDC: 100n * USDC })))
      ;[lost, other, back] = opened as [string, string, string]
      await stranger.send(...stranger.instructions.usdc(stranger.key.publicKey.toBase58(), 1n))
      await Promise.all(short().map((accountId) => moveOut(stand, stranger, accountId, 40n * USDC)))
      api = await openStandApi(stand, [other])
      for (const accountId of short()) await until(async () => (await of(stand, accountId, 'LedgerDivergenceFound')).length > 0)
    })
    after(async () => {
      for (const worker of workers) await worker.close()
      stopping.abort()
      await api?.close()
    })

    const rows = async (path: string, key?: string): Promise<readonly Row[]> => {
      const { status, body } = await api.get(path, key)
      assert.equal(status, 200, JSON.stringify(body))
      return body.data as Row[]
    }
    const balance = async (accountId: string) =>
      (await rows(`/v1/accounts/${accountId}/balances`)).map(({ asset, settled: of }) => [asset, of])
    const unresolved = async (accountId: string) =>
      (await rows('/v1/compensations?state=unresolved&limit=1000'))
        .flatMap((row) => (row.accountId === accountId ? [String(row.compensationId)] : []))
        .sort()

    it('is found once by two workers, and stops the account', async () => {
      const [found] = await of(stand, lost, 'LedgerDivergenceFound')
      assert.deepEqual([found!.asset, found!.ledger, found!.chain], ['USDC', String(100n * USDC), String(60n * USDC)])
      await until(async () => (await controlsOf(stand, lost)).length > 0)
      const looked = async () =>
        (await decodedOf(stand, RECONCILIATION_STREAM)).flatMap((event) => (event.type === 'ReconciliationCompleted' ? [event.data] : []))
      await until(async () => (await looked()).length > 0)
      // found again and again meanwhile, by both: on record once, halted once, each run once
      const [control, ...others] = await controlsOf(stand, lost)
      assert.ok(control?.type === 'ControlSet' && control.data.state === 'HALTED')
      assert.match(control.data.reason, new RegExp(`^divergence ${found!.divergenceId}: `))
      assert.deepEqual(others, [])
      const runs = (await looked()).map(({ runId }) => runId)
      assert.deepEqual(runs, [...new Set(runs)])
    })

    it('is told over HTTP, newest first and page by page; a key bound to accounts is told of its own', async () => {
      const all = await rows('/v1/reconciliation')
      assert.deepEqual(all.map(({ accountId }) => accountId).sort(), short().sort())
      const [found] = await of(stand, lost, 'LedgerDivergenceFound')
      const { position, ...row } = all.find(({ accountId }) => accountId === lost)!
      const { divergenceId, slot, at } = found!
      assert.deepEqual(row, {
        ...{ divergenceId, accountId: lost, asset: 'USDC', state: 'open', ledger: '100', chain: '60', slot },
        foundAt: new Date(at).toISOString(),
      })
      assert.match(String(position), /^\d+$/)
      const paged: Row[] = []
      let cursor = ''
      do {
        const { status, body } = await api.get(`/v1/reconciliation?state=open&limit=2${cursor}`)
        assert.equal(status, 200, JSON.stringify(body))
        paged.push(...(body.data as Row[]))
        if (body.nextCursor)
          assert.equal((await api.get(`/v1/reconciliation?state=resolved&cursor=${String(body.nextCursor)}`)).status, 400)
        cursor = body.nextCursor ? `&cursor=${String(body.nextCursor)}` : ''
      } while (cursor)
      assert.deepEqual(paged, all)
      const positions = paged.map((each) => BigInt(String(each.position)))
      assert.deepEqual(
        positions,
        [...positions].sort((a, b) => (a < b ? 1 : -1)),
      )
      assert.deepEqual(
        await rows('/v1/reconciliation', 'bound'),
        all.filter(({ accountId }) => accountId === other),
      )
      assert.equal((await api.get('/v1/reconciliation', 'trade-only')).status, 200)

      const { runs } = (await api.get('/v1/reconciliation')).body as unknown as {
        runs: { group: number; runId: string; accounts: number; at: string }[]
      }
      assert.ok(runs.length > 0)
      const groups = runs.map(({ group }) => group)
      assert.deepEqual(
        groups,
        [...new Set(groups)].sort((a, b) => a - b),
      )
      for (const { group, runId, accounts, at: when } of runs)
        assert.deepEqual([runId.split('-')[0], accounts > 0, new Date(when).toISOString()], [String(group), true, when])
    })

    it('is corrected by two actors over HTTP, and that is the end of it', async () => {
      const terms = { accountId: lost, correctionId: 'k', asset: 'USDC', amount: '-40', reason: 'moved by hand' }
      const [found] = await of(stand, lost, 'LedgerDivergenceFound')
      const { reason: _none, ...unreasoned } = terms
      const refused = await api.post('/v1/corrections', unreasoned)
      assert.deepEqual([refused.status, (refused.body.errors as { field: string }[])[0]?.field], [400, 'reason'])
      for (const key of ['trader', 'foreign-operator']) assert.equal((await api.post('/v1/corrections', terms, key)).status, 403, key)
      const asked = await api.post('/v1/corrections', terms)
      assert.deepEqual(
        [asked.status, asked.body.status, asked.body.requestedBy],
        [201, 'requested', 'k-operator'],
        JSON.stringify(asked.body),
      )
      assert.deepEqual(await api.post('/v1/corrections', terms), { ...asked, status: 200 })
      assert.equal((await api.post('/v1/corrections', { ...terms, amount: '-41' })).body.code, 'duplicate_correction_id')

      const approve = (key: string) => api.post(`/v1/corrections/${lost}.k/approve`, undefined, key)
      const alone = await approve('operator')
      assert.deepEqual([alone.status, alone.body.code], [409, 'second_actor_required'])
      assert.equal((await approve('foreign-operator')).status, 403)
      assert.deepEqual(await balance(lost), [['USDC', '100']])
      assert.deepEqual(await unresolved(lost), ['k-k', `v-${found!.divergenceId}`])
      const corrected = await approve('operator-2')
      assert.deepEqual([corrected.status, corrected.body.status, corrected.body.decidedBy], [200, 'corrected', 'k-operator-2'])
      for (const again of [await approve('operator-2'), await api.post(`/v1/corrections/${lost}.k/reject`, { reason: 'too late' })])
        assert.deepEqual([again.status, again.body.code], [409, 'already_ended'])

      assert.deepEqual(await balance(lost), [['USDC', '60']])
      const entries = (await rows(`/v1/accounts/${lost}/ledger`)).filter(({ eventType }) => eventType === 'LedgerCorrected')
      assert.deepEqual(entries.map(({ account, kind, asset, amount }) => [account, kind, asset, amount]).sort(), [
        ['available', 'correction', 'USDC', '-40'],
        ['house', 'correction', 'USDC', '40'],
      ])
      const { position, ...read } = (await api.get(`/v1/corrections/${lost}.k`)).body.data as Row
      const { position: _decided, ...answered } = corrected.body
      assert.deepEqual(read, { ...answered, divergenceId: found!.divergenceId })
      assert.deepEqual(await rows(`/v1/accounts/${lost}/corrections`), [{ ...read, position }])

      await until(async () => (await of(stand, lost, 'LedgerDivergenceResolved')).length > 0)
      const over = (await rows('/v1/reconciliation?state=resolved')).filter(({ accountId }) => accountId === lost)
      assert.deepEqual(
        over.map(({ divergenceId, resolution, ledger }) => [divergenceId, resolution, ledger]),
        [[found!.divergenceId, 'equal', '100']],
      )
      assert.ok((await rows('/v1/reconciliation')).every(({ accountId }) => accountId !== lost))
      assert.deepEqual(await unresolved(lost), [])
      assert.equal((await of(stand, lost, 'LedgerDivergenceFound')).length, 1)
      assert.equal(settled(await stand.state(lost), 'USDC'), (await stand.chainBalances(lost)).USDC)
    })

    it('is not corrected where a correction is rejected, by whoever asked for it too', async () => {
      for (const correctionId of ['a', 'b'])
        await api.post('/v1/corrections', { accountId: other, correctionId, asset: 'USDC', amount: '-40', reason: 'moved by hand' })
      const reject = (body: unknown) => api.post(`/v1/corrections/${other}.a/reject`, body)
      assert.equal((await reject({})).status, 400)
      const rejected = await reject({ reason: 'it is on its way back' })
      assert.deepEqual([rejected.status, rejected.body.status, rejected.body.decision], [200, 'rejected', 'it is on its way back'])
      assert.equal((await api.post(`/v1/corrections/${other}.a/approve`, undefined, 'operator-2')).body.code, 'already_ended')
      assert.equal((await api.post(`/v1/corrections/${other}.c/approve`, undefined, 'operator-2')).status, 404)
      assert.deepEqual(await balance(other), [['USDC', '100']])
      const first = await api.get(`/v1/accounts/${other}/corrections?limit=1`)
      const second = await api.get(`/v1/accounts/${other}/corrections?limit=1&cursor=${String(first.body.nextCursor)}`)
      assert.deepEqual(
        [first, second].map(({ body }) => (body.data as Row[]).map((row) => [row.correctionId, row.status])),
        [[[`${other}.a`, 'rejected']], [[`${other}.b`, 'requested']]],
      )
      assert.equal(second.body.nextCursor, null)
      assert.equal((await unresolved(other)).includes('k-b'), true)
    })

    it('is over when it comes back, and nothing is found where trades and transfers run', async () => {
      const [busy, taker] = await Promise.all([stand.openAccount({ USDC: 500n * USDC }), stand.openAccount()])
      const wallet = (await stand.state(back)).wallet!.publicKey
      await stand.ended(busy, await stand.place(busy, { orderQty: SOL }))
      await until(async () => (await does(busy, transfer(stand, taker))).kind === 'document')
      await stranger.send(...stranger.instructions.usdc(wallet, 40n * USDC))
      await until(async () => (await of(stand, back, 'LedgerDivergenceResolved')).length === 1)
      assert.equal(settled(await stand.state(back), 'USDC'), 100n * USDC, 'what comes back is no credit')
      await until(async () => settled(await stand.state(taker), 'USDC') === 5n * USDC)
      for (const account of [busy, taker]) assert.deepEqual(await of(stand, account, 'LedgerDivergenceFound'), [])
    })
  })

  it('is a late landing where a proof of expiry was a lie: booked as the chain has it, and the account stands still', async () => {
    const lies = createLies()
    // closed whatever comes: it would keep the groups from the next try's
    liar = await stand.startWorker((deps) => lies.through(often(deps)))
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    lies.tell(true)
    const number = await stand.place(accountId, { orderQty: SOL })
    await until(async () => (await stand.events(accountId)).some(({ type }) => type === 'TransactionExpired'))
    lies.tell(false)
    await until(async () => (await of(stand, accountId, 'TransactionLandedLate')).length > 0, 60)
    await until(async () => (await controlsOf(stand, accountId)).length > 0)
    const control = (await controlsOf(stand, accountId))[0]
    assert.ok(control?.type === 'ControlSet' && control.data.state === 'HALTED')
    assert.match(control.data.reason, /^late landing /)
    await until(async () => (await stand.state(accountId)).orders.size === 0)
    // on a slow machine the lie may have met a second attempt, which lands late as well: nothing waits for it but the look for late landings
    const executions = async () =>
      (await stand.events(accountId)).filter(({ type }) => type === 'TradeBooked' || type === 'TradeOverfilled')
    await until(async () => BigInt((await executions()).length) * SOL === (await stand.chainBalances(accountId)).SOL)
    const state = await stand.state(accountId)
    const chain = await stand.chainBalances(accountId)
    assert.deepEqual([settled(state, 'SOL'), settled(state, 'USDC')], [chain.SOL, chain.USDC])
    const bought = await executions()
    assert.equal(bought[0]!.type, 'TradeBooked')
    assert.equal((await stand.ended(accountId, number)).type, 'TradeBooked')
    assert.deepEqual(await of(stand, accountId, 'LedgerDivergenceFound'), [])
  })
})

const transfer = (stand: Stand, to: string) =>
  ({ type: 'RequestTransfer', transferId: 't', asset: stand.instruments.byAsset('USDC')!, amount: 5n * USDC, to }) as const
