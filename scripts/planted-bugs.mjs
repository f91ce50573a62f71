// npm run -s sim:planted: plants each bug of test/planted-bugs/bugs.json in a copy of the sources and runs the simulation on it, the unit
// tests where that finds nothing. One JSON document on stdout, exit 1 when a bug was caught by neither. ONLY=<text> takes bugs whose
// name has the text, SEEDS the number of seeds (300); from 1 on, or from a bug's own `seed`.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, setUp } from './build.mjs'
import { plant } from './plant.mjs'
import { launch, say } from './steps.mjs'

const COPIED = ['src', 'bench', 'migrations', 'test', 'package.json', 'tsconfig.json', 'tsconfig.build.json', '.mocharc.json']
const UNITS = [
  'test/unit/commands/**/*.test.ts',
  'test/unit/events/**/*.test.ts',
  'test/unit/settlement/**/*.test.ts',
  'test/unit/rpc/**/*.test.ts',
]

launch(async () => {
  await setUp({ quiet: true })
  const bugs = JSON.parse(readFileSync(join(root, 'test/planted-bugs/bugs.json'), 'utf8')).filter(({ name }) =>
    name.includes(process.env.ONLY ?? ''),
  )
  const scratch = mkdtempSync(join(tmpdir(), 'planted-bugs-'))
  try {
    for (const name of COPIED)
      cpSync(join(root, name), join(scratch, name), { recursive: true, filter: (file) => !file.includes('node_modules') })
    symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'))
    const caught = []
    for (const bug of bugs) {
      const by = await hunt(scratch, bug)
      say(`${by.padEnd(28)} ${bug.name}`)
      caught.push({ name: bug.name, by })
    }
    const missed = caught.filter(({ by }) => by === 'NOT CAUGHT').map(({ name }) => name)
    process.stdout.write(`${JSON.stringify({ bugs: bugs.length, caught: bugs.length - missed.length, missed, by: caught })}\n`)
    return missed.length === 0 ? 0 : 1
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
})

async function hunt(scratch, bug) {
  const file = join(scratch, bug.file)
  const sound = readFileSync(file, 'utf8')
  const planted = plant(sound, bug)
  if (planted === undefined) return 'NOT CAUGHT'
  writeFileSync(file, planted)
  try {
    const built = spawnSync(
      process.execPath,
      ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', 'dist', '--noCheck'],
      {
        cwd: scratch,
        encoding: 'utf8',
      },
    )
    if (built.status !== 0) throw new Error(`${bug.name}: does not compile\n${built.stdout}`)
    const sim = await run(scratch, ['dist/src/simulation/command.js'], {
      SEED: String(bug.seed ?? 1),
      SEEDS: process.env.SEEDS ?? '300',
      BAIL: '1',
    })
    if (sim.code !== 0) return told(sim.out)
    const units = await run(scratch, ['node_modules/mocha/bin/mocha.js', ...UNITS], {})
    return units.code === 0 ? 'NOT CAUGHT' : 'unit tests'
  } finally {
    writeFileSync(file, sound)
  }
}

/** Which seed found it, and how bad it was. */
function told(out) {
  try {
    const { violations } = JSON.parse(out)
    return `seed ${violations[0].seed}: ${violations[0].invariant.split(':')[0]}`
  } catch {
    return 'the simulation broke'
  }
}

function run(cwd, args, env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] })
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.on('close', (code) => resolve({ code, out }))
  })
}
