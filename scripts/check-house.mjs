// Rules of the house that no other tool holds: node scripts/check-house.mjs [DIR]. One line per fault, exit 1 when there is one.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const MOST_LINES = 300
const NAMED_BY_KIND = /^(managers?|helpers?|utils?|utilities|bases?|types|interfaces|common)$/i
const ENDS_IN_KIND = /(Manager|Helper|Utils?|Base)$|[-_.](manager|helper|utils?|base)$/
// Time and chance are ports (src/platform/clock.ts, ids.ts), so that a simulator can drive everything above them.
const READS_WORLD = /\bDate\.now\s*\(|\bMath\.random\s*\(|\brandomUUID\s*\(|\bnew Date\s*\(\s*\)/
const ESCAPES_TYPES = /:\s*any\b|\bas any\b|<any>/
const SILENCES_TYPES = /@ts-(ignore|nocheck)/
// Two literals spread into one object take Node 20 microseconds, fields spelled out take nanoseconds.
const SPREADS_LITERAL = /\.\.\.\{/
const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b/

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dir = resolve(process.argv[2] ?? root)

const faults = []
let files = 0
for (const top of ['src', 'test', 'bench', 'migrations', 'scripts']) {
  for (const file of sourcesUnder(top)) {
    files++
    const text = readFileSync(join(dir, file), 'utf8')
    for (const fault of faultsOf(file, text)) faults.push(`${file}: ${fault}`)
  }
}
for (const fault of faults) console.log(`FAULT ${fault}`)
console.log(`house: ${files} files, ${faults.length} faults`)
process.exit(faults.length > 0 ? 1 : 0)

function sourcesUnder(top) {
  if (!existsSync(join(dir, top))) return []
  return readdirSync(join(dir, top), { recursive: true })
    .map((name) => `${top}/${name.replaceAll('\\', '/')}`)
    .filter((file) => /\.(ts|tsx|mjs|cjs)$/.test(file) && !file.includes('/node_modules/'))
    .sort()
}

function* faultsOf(file, text) {
  const lines = text.trimEnd().split('\n').length
  if (lines > MOST_LINES) yield `${lines} lines (at most ${MOST_LINES})`
  const names = [...dirname(file).split('/'), basename(file).replace(/\.[^.]+$/, '')]
  if (names.some((name) => NAMED_BY_KIND.test(name)) || ENDS_IN_KIND.test(names.at(-1))) yield 'named by kind, not by job'
  // Prose and fixtures in tests, and this file, speak of what is forbidden.
  if (!file.startsWith('src/')) return
  if (UNFINISHED.test(text)) yield 'something was left undone'
  const code = withoutComments(text)
  if (SILENCES_TYPES.test(text) || ESCAPES_TYPES.test(code)) yield 'escapes the type checker'
  if (!/^src\/(platform|embedded)\//.test(file) && READS_WORLD.test(code)) yield 'reads clock or randomness outside platform'
  if (SPREADS_LITERAL.test(code)) yield 'spreads an object literal: spell its fields out'
}

/** Good enough for a pattern search: a comment may speak of Date.now, or of "0: any free port". */
function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:])\/\/.*$/gm, '$1')
}
