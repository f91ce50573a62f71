import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Bug {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}
const bugs = JSON.parse(readFileSync('test/planted-bugs/bugs.json', 'utf8')) as readonly Bug[]

describe('the planted bugs', () => {
  let planted: (source: string, bug: Bug) => string | undefined
  before(async () => {
    planted = ((await import(pathToFileURL(resolve('scripts/plant.mjs')).href)) as { plant: typeof planted }).plant
  })

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
