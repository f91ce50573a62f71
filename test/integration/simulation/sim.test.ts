import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'

describe('npm run sim', function () {
  this.timeout(300_000)

  it('prints one document, and finds nothing in fifty seeds, whose first ten run the same way again', () => {
    const ran = spawnSync(process.execPath, ['scripts/exec.mjs', 'src/simulation/command.js'], {
      env: { ...process.env, SEED: '1000', SEEDS: '50', RERUN: '10' },
      encoding: 'utf8',
    })
    const document = JSON.parse(ran.stdout) as Record<string, unknown>
    assert.deepEqual(document.violations, [], ran.stderr)
    assert.equal(ran.status, 0, ran.stderr)
    const { seeds, first, lost, doubled, orphan, rerun } = document
    assert.deepEqual(
      { seeds, first, lost, doubled, orphan, rerun },
      {
        ...{ seeds: 50, first: 1000, lost: 0, doubled: 0, orphan: 0 },
        rerun: { seeds: 10, equal: 10 },
      },
    )
    assert.match(String(document.traceHash), /^[0-9a-f]{64}$/)
    assert.ok((document.perSeed as { meanFaults: number }).meanFaults >= 10)
  })

  it('refuses a seed that is no number', () => {
    const ran = spawnSync(process.execPath, ['scripts/exec.mjs', 'src/simulation/command.js'], {
      env: { ...process.env, SEED: 'x' },
      encoding: 'utf8',
    })
    assert.equal(ran.status, 2)
    assert.match(ran.stderr, /^SEED: must be a whole number/m)
  })
})
