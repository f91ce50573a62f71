// npm run bench:emmett: catch-up beside Emmett's Postgres projector, same events, same rows. `-- --events 60000 --rounds 2`.
// The peer is installed on first use, beside its own package.json: nothing else needs it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root, setUp } from './build.mjs'
import { run, runCompiled } from './run.mjs'
import { launch } from './steps.mjs'

const MODES = 'emmett:default,emmett:fastest,emmett:one-row'

launch(async () => {
  await setUp({ quiet: true })
  const home = join(root, 'bench', 'emmett')
  if (!existsSync(join(home, 'node_modules', '@event-driven-io', 'emmett-postgresql'))) {
    const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home })
    if (code !== 0) return 3
  }
  const bench = join(root, 'dist', 'bench', 'projections.js')
  return runCompiled([bench, '--events', '20000', '--beside', MODES, ...process.argv.slice(2)])
})
