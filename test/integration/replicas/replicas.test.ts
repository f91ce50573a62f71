import assert from 'node:assert/strict'
import { partitionsOf } from '../../../src/projections/market/partitions.ts'
import { STEPS } from '../../../src/projections/market/steps.ts'
import { debianPostgres } from '../../support/debian-postgres.ts'
import { skipBecause } from '../../support/skip.ts'
import { accountHistory, append } from '../projections/history.ts'
import { freshAccounts, SHARDS } from '../projections/read-side.ts'
import type { Answer } from '../queries/read-api.ts'
import { playReplicas } from './replica-rounds.ts'
import { openReplicaStand, type ReplicaStand } from './replica-stand.ts'

describe('reads from a streaming replica', function () {
  this.timeout(240_000)
  let stand: ReplicaStand
  const bound = freshAccounts(2, 'across')

  before(async function () {
    const bin = debianPostgres() ?? skipBecause(this, 'Postgres with pg_basebackup: not packaged here')
    stand = await openReplicaStand(bin, { shards: SHARDS, bound })
  })
  after(() => stand?.close())

  it('are never older than was asked for, while its replay stops and goes on', async () => {
    const verdict = await playReplicas(stand, { reads: 10 })
    assert.equal(verdict.wrong, 0, verdict.examples.join('; '))
    assert(verdict.outcomes.replica! > 5 && verdict.outcomes.behind! > 5, JSON.stringify(verdict))
  })

  const replay = async (does: 'pause' | 'resume'): Promise<void> => {
    await stand.pair.standby.query(`SELECT pg_wal_replay_${does}()`)
    const wanted = does === 'pause' ? 'paused' : 'not paused'
    const state = async () => (await stand.pair.standby.query('SELECT pg_get_wal_replay_pause_state() AS state'))[0]!.state
    while ((await state()) !== wanted) await wait(10)
  }
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  const read = async (path: string): Promise<Answer & { readonly replicas: number }> => {
    const before = (await stand.outcomes()).replica ?? 0
    const answer = await stand.api.get(path, 'bound')
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    return { ...answer, replicas: ((await stand.outcomes()).replica ?? 0) - before }
  }

  for (const [what, pathAt, rows] of [
    ['compensations', (position) => `/v1/compensations?limit=1000&minPosition=${position}`, true],
    ['divergences', (position) => `/v1/reconciliation?minPosition=${position}`, false],
    ['all accounts at a position', (position) => `/v1/audit/as-of?limit=10&position=${position}`, true],
  ] as readonly [string, (position: bigint) => string, boolean][])
    it(`over all shards, of ${what}: by the primary before the replica has come so far, by the replica then`, async () => {
      const [accountId] = freshAccounts(1, 'crossing') as [string]
      const [own] = bound as [string]
      await replay('pause')
      // what is asked about is in the log once, the position asked for is new each time
      const first = await append(stand.api.side.store, accountId, accountHistory(accountId, 11, 1))
      const known = await stand.api.get(`/v1/accounts/${own}/balances?minPosition=${first.commit}`)
      const history = accountHistory(own, 12, 25)
      const { commit } = known.status === 404 ? await append(stand.api.side.store, own, history) : first
      const path = pathAt(commit)
      const ours = await read(path)
      assert.equal(ours.replicas, 0)
      if (rows) assert((ours.body.data as object[]).length > 0, what)
      await replay('resume')
      let theirs = await read(path)
      while (theirs.replicas < SHARDS) {
        await wait(20)
        theirs = await read(path)
      }
      assert.deepEqual(theirs.body.data, ours.body.data)
    })

  it('of candles: by the primary while the replica stands still, by the replica once it has replayed the same', async () => {
    const [first] = stand.api.side.pools as [ReplicaStand['api']['side']['pools'][number]]
    const at = Date.UTC(2026, 5, 1)
    const step = STEPS.find(({ name }) => name === '1m')!
    await partitionsOf(first).ensure(step, [at])
    await replay('pause')
    await first.query(
      `INSERT INTO candles (symbol, step, at, open, high, low, close, volume, ticks, opened_at, closed_at)
       VALUES ('RPL/USDC', $1, $2, 1, 1, 1, 1, 1, 1, $2, $2)`,
      [step.name, at],
    )
    const path = `/v1/candles?symbol=RPL/USDC&interval=${step.name}`
    const shown = async (enough: (replicas: number) => boolean): Promise<void> => {
      for (;;) {
        const { body, replicas } = await read(path)
        if ((body.data as object[]).length === 1 && enough(replicas)) return
        await wait(20)
      }
    }
    await shown((replicas) => replicas === 0)
    await replay('resume')
    await shown((replicas) => replicas === 1)
  })
})
