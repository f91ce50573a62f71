import assert from 'node:assert/strict'
import { runCrashRounds } from './crash-rounds.ts'
import { temporaryFolder } from './server-under-test.ts'

describe('event store: kill -9', () => {
  it('loses, doubles and tears nothing', async function () {
    if (process.env.EVENTSTORE_URL !== undefined) {
      console.log('      skipped: a foreign server is not ours to kill')
      return this.skip()
    }
    this.timeout(90_000)
    const db = temporaryFolder()
    const { acked, lost, doubled, gaps, partial } = await runCrashRounds({ rounds: 8, target: { db: db.path } })
    db.remove()
    assert.deepEqual({ lost, doubled, gaps, partial }, { lost: 0, doubled: 0, gaps: 0, partial: 0 })
    assert.ok(acked > 1_000, `only ${acked} events were acknowledged: the rounds proved nothing`)
  })
})
