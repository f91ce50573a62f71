// npm test: sets up what is needed, then runs the suite. Arguments go to mocha (npm test -- test/unit/events, or --grep ledger).
// The last line is `N passed, N failed`, with `, N skipped` where something could not be had here.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, setUp } from './build.mjs'
import { run } from './run.mjs'
import { launch } from './steps.mjs'

launch(async () => {
  await setUp()
  const given = process.argv.slice(2)
  // named files or folders replace the whole suite; options alone keep it
  const args = given.some((arg) => arg.startsWith('test')) ? given : ['test/**/*.test.ts', ...given]
  const scratch = mkdtempSync(join(tmpdir(), 'quantbot-run-'))
  const summary = join(scratch, 'summary.json')
  try {
    const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js')
    const code = await run(process.execPath, [mocha, ...args], { cwd: root, env: { ...process.env, QUANTBOT_TEST_SUMMARY: summary } })
    const { passed, failed, skipped } = countsFrom(summary)
    // Tests that never ran (a file that does not load, a process that was killed) are a failure too.
    const red = code !== 0 ? Math.max(failed, 1) : failed
    process.stdout.write(`\n${passed} passed, ${red} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
    return red > 0 && code === 0 ? 1 : code
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
})

function countsFrom(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}
