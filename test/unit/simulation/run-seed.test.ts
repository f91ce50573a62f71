import assert from 'node:assert/strict'
import { createLog } from '../../../src/platform/log.ts'
import { runSeed } from '../../../src/simulation/run-seed.ts'

const log = createLog('sim', 'silent')

describe('the simulation', function () {
  this.timeout(120_000)

  it('runs a seed twice the same way, and another one another way', async () => {
    const [first, second, other] = [await runSeed(4, { log }), await runSeed(4, { log }), await runSeed(7, { log })]
    assert.equal(first.traceHash, second.traceHash)
    assert.deepEqual(first, second)
    assert.notEqual(first.traceHash, other.traceHash)
  })

  it('finds nothing wrong in some seeds, each of which has commands, accounts and faults enough', async () => {
    for (const seed of [15, 22]) {
      const { violations, commands, accounts, faults } = await runSeed(seed, { log })
      assert.deepEqual(violations, [])
      assert.ok(commands >= 50 && accounts >= 4, `${commands} commands over ${accounts} accounts`)
      assert.ok(Object.values(faults).reduce((sum, each) => sum + each, 0) >= 10)
    }
  })
})
