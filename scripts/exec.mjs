// Builds what is stale, silently, then runs a compiled entry: node scripts/exec.mjs src/cli/main.js keys create --json
// Only that entry writes to stdout.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root, setUp } from './build.mjs'
import { runCompiled } from './run.mjs'
import { launch, Refusal } from './steps.mjs'

launch(async () => {
  const [entry = '', ...flags] = process.argv.slice(2)
  await setUp({ quiet: true })
  const file = join(root, 'dist', entry)
  if (!existsSync(file)) throw new Refusal(`${entry} is not part of this version`, 2)
  return runCompiled([file, ...flags])
})
