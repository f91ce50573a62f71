// npm test: sets up what is needed, then runs the suite. Arguments go to mocha (npm test -- test/unit/events, or --grep ledger).
// The reporter prints the last line: `N passed, N failed`, with `, N skipped` where something could not be had here.
import { join } from 'node:path'
import { root, setUp } from './build.mjs'
import { run } from './run.mjs'
import { launch } from './steps.mjs'

launch(async () => {
  await setUp()
  const given = process.argv.slice(2)
  // named files or folders replace the whole suite; options alone keep it
  const args = given.some((arg) => arg.startsWith('test')) ? given : ['test/**/*.test.ts', ...given]
  return run(process.execPath, [join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), ...args], { cwd: root })
})
