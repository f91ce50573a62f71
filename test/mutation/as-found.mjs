// A line for each mutant as soon as its fate is known: a run over all deciders takes hours on a busy machine, and one that is cut short
// still tells what it has found (test/mutation/found.jsonl).
import { appendFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const { declareClassPlugin, PluginKind } = createRequire(import.meta.url)('@stryker-mutator/api/plugin')
const FILE = fileURLToPath(new URL('found.jsonl', import.meta.url))

class AsFound {
  constructor() {
    rmSync(FILE, { force: true })
  }

  onMutantTested({ fileName, location, mutatorName, replacement, status }) {
    const { line, column } = location.start
    appendFileSync(FILE, `${JSON.stringify({ fileName, line, column, mutatorName, replacement, status })}\n`)
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Reporter, 'as-found', AsFound)]
