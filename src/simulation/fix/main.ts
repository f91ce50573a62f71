// npm run -s fix -- FILE [--restart] [--claims]: plays the order scenarios of a file on the real deciders, one JSON line a step.
// What they expect is held against the lines by the file's own compare.mjs; docs/fix.md says how messages are mapped.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { play } from './play.ts'
import { CLAIMS, isClaimed, parseScenarios } from './scenario.ts'

const usage = (fault: string): never => {
  process.stderr.write(`${fault}\nusage: npm run -s fix -- FILE [--restart] [--claims]\n`)
  process.exit(2)
}

const read = (file: string) => {
  try {
    return parseScenarios(readFileSync(file, 'utf8'))
  } catch (error) {
    return usage(`${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const { values, positionals } = (() => {
  try {
    return parseArgs({ allowPositionals: true, options: { restart: { type: 'boolean' }, claims: { type: 'boolean' } } })
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error))
  }
})()

if (values.claims) process.stdout.write(`${JSON.stringify(CLAIMS)}\n`)
else {
  const lines = read(positionals[0] ?? usage('no file'))
    .filter(isClaimed)
    .flatMap((scenario) => play(scenario, { restart: values.restart === true }))
  process.stdout.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}
