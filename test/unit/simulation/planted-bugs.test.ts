import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
// @ts-expect-error a script without types
import { plant } from '../../../scripts/plant.mjs'

interface Bug {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}
const bugs = JSON.parse(readFileSync('test/planted-bugs/bugs.json', 'utf8')) as readonly Bug[]
const planted = plant as (source: string, bug: Bug) => string | undefined

describe('the planted bugs', () => {
  it('are twenty at least, each with a name of its own', () => {
    assert.ok(bugs.length >= 20)
    assert.equal(new Set(bugs.map(({ name }) => name)).size, bugs.length)
  })
  for (const bug of bugs)
    it(`can be planted: ${bug.name}`, () => {
      const source = readFileSync(bug.file, 'utf8')
      const changed = planted(source, bug)
      assert.ok(
        changed !== undefined,
        `${bug.file} no longer has, once: ${bug.from} (give the bug in test/planted-bugs/bugs.json an anchor in the new text)`,
      )
      assert.notEqual(changed, source)
    })
  it('are found wherever a formatter puts its spaces', () => {
    const bug = { name: '', file: '', from: 'a = b', to: 'a = c' }
    assert.equal(planted('x\na =\n    b\n', bug), 'x\na = c\n')
    assert.equal(planted('a = b\na = b\n', bug), undefined)
  })
})
