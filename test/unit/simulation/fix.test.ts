import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { play } from '../../../src/simulation/fix/play.ts'
import { CLAIMS, isClaimed, parseScenarios, playOrder } from '../../../src/simulation/fix/scenario.ts'

/** The scenarios lie beside the project, where they lie at all. */
const FOLDER = resolve('..', 'shared', 'fix')
const FILE = join(FOLDER, 'order-state-changes.json')

describe('the FIX order state changes on the real deciders', function () {
  this.timeout(60_000)
  if (!existsSync(FILE)) {
    it.skip('skipped: no scenarios at ../shared/fix/order-state-changes.json')
    return
  }
  const text = readFileSync(FILE, 'utf8')
  const scenarios = parseScenarios(text).filter(isClaimed)

  for (const restart of [false, true])
    it(`pass every direct scenario, ${restart ? 'with' : 'without'} a restart between the steps`, () => {
      const lines = scenarios.flatMap((scenario) => play(scenario, { restart }))
      const input = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
      const { status, stdout } = spawnSync(process.execPath, [join(FOLDER, 'compare.mjs'), FILE, '--direct'], { input, encoding: 'utf8' })
      assert.equal(status, 0, stdout)
      assert.match(stdout, /^52 passed, 0 failed, 0 skipped$/m)
    })

  it('leave out no report but those of a pending state that never was', () => {
    const direct = new Set(
      (JSON.parse(text) as { id: string; applicability?: string }[]).flatMap((s) => (s.applicability === 'direct' ? [s.id] : [])),
    )
    const silent = scenarios
      .filter(({ id }) => direct.has(id))
      .flatMap((scenario) => {
        const told = new Set(play(scenario, { restart: false }).map(({ step }) => step))
        return scenario.steps.flatMap(({ message }, i) => (told.has(i) ? [] : [`${scenario.id} ${message.execType}`]))
      })
    assert.deepEqual(silent, ['C.1.c-alt2 PendingReplace'])
  })

  it('do not depend on what the file expects', () => {
    const blind = parseScenarios(text.replaceAll('"expect"', '"hidden"').replaceAll('"final"', '"hidden2"')).filter(isClaimed)
    const played = (all: typeof scenarios) => all.flatMap((scenario) => play(scenario, { restart: false }))
    assert.deepEqual(played(blind), played(scenarios))
  })

  it('claim what compare.mjs knows', () => {
    const known = readFileSync(join(FOLDER, 'compare.mjs'), 'utf8')
    for (const claim of CLAIMS) assert.ok(known.includes(`'${claim}'`), claim)
  })

  it('play the venue’s step of a crossing pair first', () => {
    const crossing = scenarios.find(({ id }) => id === 'B.1.b')!
    assert.deepEqual(playOrder(crossing).slice(3, 5), [4, 3])
  })
})
