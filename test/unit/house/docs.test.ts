import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { routeTable } from '../../contract/route-table.ts'

const read = (file: string): string => readFileSync(file, 'utf8')
const readme = read('README.md')
const DOCS = ['README.md', 'CHANGELOG.md', ...readdirSync('docs').map((name) => `docs/${name}`)]
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts)

/** Comes with the FIX scenarios, which are not ours. */
const ELSEWHERE = 'compare.mjs'
const all = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([whole, part]) => part ?? whole))].sort()
const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name).replaceAll('\\', '/'))

describe('documentation', () => {
  it('tells every route, and no other', () => {
    // the table is held against the code by the contract's tests
    const served = routeTable('a', 'a.1').map(({ method, path }) => `${method} ${path.replace(/:\w+/g, '{}')}`)
    const told = [...read('docs/api.md').matchAll(/^\| ([A-Z]+) \| `([^`]+)` \|/gm)].map(
      ([, method, path]) => `${method} ${path!.replace(/\{\w+\}/g, '{}')}`,
    )
    assert.deepEqual(told.sort(), [...new Set(served)].sort())
  })

  it('tells every environment variable that is read, and no other', () => {
    const schema = /const Environment = z\.object\(\{([\s\S]*?)\n\}\)/.exec(read('src/platform/config.ts'))?.[1] ?? ''
    const direct = filesUnder('src')
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => all(read(file), /process\.env\.(QUANTBOT_\w+)/g))
    const table = /\n## Configuration\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? ''
    const told = all(table, /^\|([^|]+)\|/gm).flatMap((cell) => all(cell, /`([A-Z_]+)`/g))
    assert.deepEqual(told.sort(), [...new Set([...all(schema, /^ {2}([A-Z_]+):/gm), ...direct])].sort())
  })

  it('names every script of package.json, and no other', () => {
    const named = all(readme, /\bnpm (?:run )?(?:-s )?([a-z:-]+)/g)
    assert.deepEqual(
      scripts.filter((script) => !named.includes(script)),
      [],
    )
    for (const file of DOCS)
      for (const script of all(read(file), /\bnpm run (?:-s )?([a-z:-]+)/g))
        assert.ok(scripts.includes(script), `${file}: npm run ${script}`)
  })

  it('names files that are there', () => {
    const files = [ELSEWHERE, ...['src', 'test', 'bench', 'docs', 'migrations', 'deploy', 'programs', 'scripts'].flatMap(filesUnder)]
    for (const file of DOCS)
      for (const named of all(read(file), /(?<![\w./<-])[\w-][\w./-]*\.(?:ts|mjs)\b/g))
        assert.ok(
          files.some((one) => one === named || one.endsWith(`/${named}`)),
          `${file}: ${named}`,
        )
  })
})
