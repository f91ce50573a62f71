// TypeScript → dist/, once per content: the same sources are not compiled twice. Run alone it builds and says how long it took.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from './lock.mjs'
import { checkNode, installPackages } from './packages.mjs'
import { launch, Refusal, step } from './steps.mjs'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const stampFile = join(dist, '.stamp')
// Of test only what the benches and soaks share with the suite is compiled, unless the suite itself is to run.
const SOURCES = ['src', 'bench', 'migrations', 'test']
const PROJECT = 'tsconfig.build.json'
const WITH_TESTS = 'test/tsconfig.build.json'
const SETTINGS = ['tsconfig.json', PROJECT, 'package-lock.json', 'scripts/build.mjs']

/** Everything between a clone and a runnable dist/: Node's version, packages, build. `quiet` says nothing unless it fails. */
export async function setUp({ quiet = false, tests = false } = {}) {
  checkNode()
  await withLock(join(dist, '.set-up'), async () => {
    await installPackages(root, { quiet })
    await build({ quiet, tests })
  })
}

async function build({ quiet, tests }) {
  const sources = fingerprint()
  const [built, of] = existsSync(stampFile) ? readFileSync(stampFile, 'utf8').split(' ') : []
  if (built === sources && (of === WITH_TESTS || !tests)) return
  const project = tests ? WITH_TESTS : PROJECT
  await step(
    'build',
    async () => {
      sweep()
      try {
        await replaceDist(project, `${sources} ${project}`)
      } finally {
        sweep()
      }
      return 'compiled'
    },
    { quiet },
  )
}

/** Built beside the old one and swapped in whole, so that a running process never reads half a file. */
async function replaceDist(project, stamp) {
  const fresh = join(dist, `.new-${process.pid}`)
  const old = join(dist, `.old-${process.pid}`)
  await tsc(project, fresh)
  for (const source of SOURCES) copyAssets(join(root, source), join(fresh, source))
  rmSync(stampFile, { force: true })
  mkdirSync(old)
  for (const source of SOURCES) {
    if (existsSync(join(dist, source))) renameSync(join(dist, source), join(old, source))
    if (existsSync(join(fresh, source))) renameSync(join(fresh, source), join(dist, source))
  }
  writeFileSync(stampFile, stamp)
}

/** Tools of their own that a benchmark or the mutation tests have installed beside themselves. */
const TOOLS = `${sep}node_modules`

/** A digest of every path and byte the build depends on. */
function fingerprint() {
  const hash = createHash('sha256').update(process.versions.node)
  for (const file of [...SETTINGS.map((name) => join(root, name)), ...SOURCES.flatMap((source) => filesUnder(join(root, source)))]) {
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file))
  }
  return hash.digest('hex')
}

function filesUnder(dir) {
  if (!existsSync(dir)) return []
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => !file.includes(join('bench', 'results')) && !file.includes(TOOLS))
    .sort()
}

function tsc(project, outDir) {
  const args = [
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    join(root, project),
    '--outDir',
    outDir,
    // It is built one folder deeper than it is used: a way from there would lead a stack trace out of the project.
    '--sourceRoot',
    root,
    '--pretty',
    'false',
    // A start transpiles; types are held by `npm run typecheck` and CI, where the ten times longer check costs nobody's start.
    '--noCheck',
  ]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const listen = (chunk) => {
      said += chunk
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Refusal(`the build failed:\n${said.trim()}`))))
  })
}

/** What TypeScript leaves behind and the program reads at run time (SQL, protocol files, compiled programs). */
function copyAssets(from, to) {
  if (!existsSync(from)) return
  cpSync(from, to, {
    recursive: true,
    filter: (file) => !/\.(ts|tsx|tmp)$/.test(file) && !file.includes(join('bench', 'results')) && !file.includes(TOOLS),
  })
}

/** Leavings of builds that were interrupted, and of this one. */
function sweep() {
  for (const name of existsSync(dist) ? readdirSync(dist) : []) {
    if (/^\.(new|old)-/.test(name)) rmSync(join(dist, name), { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  launch(async () => {
    await setUp()
    return 0
  })
}
