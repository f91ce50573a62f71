// npm test: sets up what is needed, then runs the suite. Arguments go to mocha (npm test -- test/unit/events, or --grep ledger).
// The last line is `N passed, N failed`, with `, N skipped` where something could not be had here.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, setUp } from './build.mjs'
import { runCompiled } from './run.mjs'
import { launch, say } from './steps.mjs'

// Two runs beside each other, each with services of its own: the tests on real parts wait for blocks, leases and kills more than they work.
// They take about as long as each other: settlement with its chain and the whole product, and all the rest. The tests of the whole product
// come last: it works as long as it runs.
const TRADING = ['test/integration/{settlement,solana-node,venue}/**/*.test.ts', 'test/{contract,e2e}/**/*.test.ts']
const WHOLE = [TRADING, ['test/**/*.test.ts', ...TRADING.flatMap((files) => ['--ignore', files])]]

// The suite runs compiled: it starts hundreds of processes, and each takes less than half the time to load when nothing is transpiled.
const compiled = (arg) => {
  if (!/^test(\/|$)/.test(arg)) return arg
  if (arg.endsWith('.ts')) return `dist/${arg.slice(0, -'.ts'.length)}.js`
  return arg.includes('*') ? `dist/${arg}` : `dist/${arg}/**/*.test.js`
}
const { require: hooks, reporter, timeout } = JSON.parse(readFileSync(join(root, '.mocharc.json'), 'utf8'))
const SETTINGS = ['--no-config', '--extension', 'js', '--require', ...hooks, '--reporter', reporter, '--timeout', String(timeout), '--exit']

launch(async () => {
  await setUp({ tests: true })
  const given = process.argv.slice(2)
  // named files or folders replace the whole suite; options alone keep it
  const runs = given.some((arg) => arg.startsWith('test')) ? [given] : WHOLE.map((files) => [...files, ...given])
  const scratch = mkdtempSync(join(tmpdir(), 'quantbot-run-'))
  try {
    const [first, ...others] = runs.map((args, n) => mocha(args, join(scratch, String(n)), n === 0))
    const results = [await first]
    for (const other of others) {
      const result = await other
      process.stdout.write(`\n${result.said}`)
      results.push(result)
    }
    const sum = (count) => results.reduce((total, result) => total + result[count], 0)
    const code = Math.max(...results.map((result) => result.code))
    process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed${sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''}\n`)
    return sum('failed') > 0 && code === 0 ? 1 : code
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
})

/** One run of mocha; what a run in the background says is given back as a whole, so that no line of two runs is mixed. */
async function mocha(args, scratch, inFront) {
  const program = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js')
  const env = { ...process.env, QUANTBOT_TEST_SUMMARY: `${scratch}.json` }
  const output = inFront ? 'inherit' : openSync(`${scratch}.out`, 'w')
  const code = await runCompiled([program, ...[...SETTINGS, ...args].map(compiled)], {
    cwd: root,
    env,
    output,
  })
  const { passed, failed, skipped } = countsFrom(`${scratch}.json`)
  // Tests that never ran (a file that does not load, a process that was killed) are a failure too.
  const counts = { passed, failed: code !== 0 ? Math.max(failed, 1) : failed, skipped }
  if (inFront) return { code, ...counts, said: '' }
  closeSync(output)
  say(`beside    ${counts.passed} passed, ${counts.failed} failed in the run beside this one; it follows at the end`)
  return { code, ...counts, said: readFileSync(`${scratch}.out`, 'utf8') }
}

function countsFrom(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}
