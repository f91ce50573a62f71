// The floors (.dependency-cruiser.cjs) held against src/: node scripts/check-floors.mjs [DIR]. Exit 1 when a rule is broken,
// and also when the tool did not read every file: without a parser for TypeScript it would find nothing, and nothing wrong.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dir = resolve(process.argv[2] ?? root)

const cruise = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
    ...['--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', 'src'],
  ],
  // The report of a large tree is some megabytes.
  { cwd: dir, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
)
if (!cruise.stdout.startsWith('{')) {
  console.error(cruise.stderr || cruise.error?.message)
  process.exit(1)
}
const { modules, summary } = JSON.parse(cruise.stdout)

const read = new Set(modules.map((module) => module.source))
const imports = modules.filter((module) => module.source.startsWith('src/')).flatMap((module) => module.dependencies)
const unread = readdirSync(join(dir, 'src'), { recursive: true })
  .map((name) => `src/${name.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.ts') && !read.has(file))
const faults = [
  ...summary.violations.map(
    ({ rule, from, to, cycle }) => `${rule.name}: ${[from, ...(cycle?.map((step) => step.name) ?? [to])].join(' → ')}`,
  ),
  ...unread.map((file) => `not read: ${file}`),
  ...(imports.length === 0 ? ['no import was found in any file: the parser is missing'] : []),
]
for (const fault of faults) console.log(`FAULT ${fault}`)
console.log(`floors: ${read.size} modules, ${imports.length} imports, ${faults.length} faults`)
process.exit(faults.length > 0 ? 1 : 0)
