// npm run -s mutation: the mutation score of the deciders (exit 1 below 85 %). MUTATE=src/commands/order/*.ts takes a part; several with colons.
// Its tools are installed on first use, beside its settings: nothing else needs them.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root, setUp } from './build.mjs'
import { run } from './run.mjs'
import { launch } from './steps.mjs'

launch(async () => {
  await setUp({ quiet: true })
  const home = join(root, 'test', 'mutation')
  const tool = join(home, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')
  if (!existsSync(tool)) {
    const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home })
    if (code !== 0) return 3
  }
  return run(process.execPath, [tool, 'run', join(home, 'stryker.config.mjs')], { cwd: root })
})
