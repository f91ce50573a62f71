import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FOLD_HASH } from '../../../src/commands/handler/fold-code.ts'
import { foldHash } from '../../../src/commands/handler/fold-hash.ts'

describe('the hash of the fold', () => {
  let dir: string
  const write = (name: string, text: string): string => {
    const file = join(dir, name)
    writeFileSync(file, text)
    return pathToFileURL(file).href
  }
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'fold-hash-'))
    mkdirSync(join(dir, 'deep'))
  })
  after(() => rmSync(dir, { recursive: true }))

  it('changes with any module that the fold reaches, and with no other', () => {
    const entry = write('entry.ts', "import { a } from './deep/a.ts'\nimport type { t } from './only-a-type.ts'\nexport const x = a\n")
    write('deep/a.ts', "import {\n  b,\n} from '../b.ts'\nexport * from '../c.ts'\nexport const a = b\n")
    write('b.ts', 'export const b = 1\n')
    write('c.ts', 'export const c = 1\n')
    write('only-a-type.ts', 'export type t = 1\n')
    write('elsewhere.ts', 'export const e = 1\n')
    const first = foldHash(entry)
    assert.ok(first)
    write('only-a-type.ts', 'export type t = 2\n')
    write('elsewhere.ts', 'export const e = 2\n')
    assert.equal(foldHash(entry), first)
    write('c.ts', 'export const c = 2\n')
    const second = foldHash(entry)
    assert.notEqual(second, first)
    write('b.ts', 'export const b = 2\n')
    assert.notEqual(foldHash(entry), second)
  })

  it('is undefined in any doubt', () => {
    assert.equal(foldHash(write('broken.ts', "import { gone } from './gone.ts'\n")), undefined)
  })

  it('is known for the code that runs', () => {
    assert.match(FOLD_HASH ?? '', /^[0-9a-f]{32}$/)
  })
})
