import assert from 'node:assert/strict'
import { debianPostgres } from '../../support/debian-postgres.ts'
import { skipBecause } from '../../support/skip.ts'
import { SHARDS } from '../projections/read-side.ts'
import { playReplicas } from './replica-rounds.ts'

describe('reads from a streaming replica', () => {
  it('are never older than was asked for, while its replay stops and goes on', async function () {
    this.timeout(240_000)
    const bin = debianPostgres() ?? skipBecause(this, 'Postgres with pg_basebackup: not packaged here')
    const verdict = await playReplicas(bin, { shards: SHARDS, reads: 40 })
    assert.equal(verdict.wrong, 0, verdict.examples.join('; '))
    assert(verdict.outcomes.replica! > 5 && verdict.outcomes.behind! > 5, JSON.stringify(verdict))
  })
})
