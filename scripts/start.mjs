// npm start: from a fresh clone to every part and role running. `npm start -- --role commands` passes its flags on.
import { join } from 'node:path'
import { root, setUp } from './build.mjs'
import { runCompiled } from './run.mjs'
import { launch } from './steps.mjs'

launch(async () => {
  await setUp()
  const flags = process.argv.slice(2)
  const role = flags.some((flag) => flag === '--role' || flag.startsWith('--role=')) ? [] : ['--role', 'all']
  return runCompiled([join(root, 'dist', 'src', 'main.js'), ...role, ...flags])
})
