import { parseArgs } from 'node:util'
import { killNine } from '../integration/settlement/kill-nine.ts'
import { closeServices } from '../support/services.ts'

// kill -9 of settlement between any two steps of a landing, many times. Flags: [--rounds 200] [--seed 1]. JSON on stdout, progress on stderr;
// exit code 1 when anything was doubled, forgotten, unequal or left open.

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } } })
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
if (![rounds, seed].every((value) => Number.isSafeInteger(value) && value > 0)) {
  process.stderr.write('soak:landing: --rounds and --seed must be whole numbers above zero\n')
  process.exit(2)
}

const began = performance.now()
try {
  const killed = await killNine({ rounds, seed, told: (line) => void process.stderr.write(`${line}\n`) })
  process.stdout.write(`${JSON.stringify({ ...killed, seconds: Math.round((performance.now() - began) / 1_000) })}\n`)
  process.exitCode = killed.doubled + killed.forgotten + killed.unequal + killed.open === 0 ? 0 : 1
} finally {
  await closeServices()
}
process.exit()
