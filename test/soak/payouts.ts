import { parseArgs } from 'node:util'
import { killPayouts, PAYOUT_DEATHS } from '../integration/settlement/kill-nine-payouts.ts'
import { closeServices } from '../support/services.ts'

// kill -9 of settlement at each border of a withdrawal and of a transfer. Flags: [--rounds 34] (more go round again). JSON on stdout,
// progress on stderr; exit code 1 when anything was doubled, forgotten, unequal or left open.

const { values } = parseArgs({ options: { rounds: { type: 'string', default: String(PAYOUT_DEATHS.length) } } })
const rounds = Number(values.rounds)
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  process.stderr.write('soak:payouts: --rounds must be a whole number above zero\n')
  process.exit(2)
}

const began = performance.now()
try {
  const deaths = Array.from({ length: rounds }, (_, i) => PAYOUT_DEATHS[i % PAYOUT_DEATHS.length]!)
  const killed = await killPayouts({ deaths, told: (line) => void process.stderr.write(`${line}\n`) })
  process.stdout.write(`${JSON.stringify({ ...killed, seconds: Math.round((performance.now() - began) / 1_000) })}\n`)
  process.exitCode = killed.doubled + killed.forgotten + killed.unequal + killed.open === 0 ? 0 : 1
} finally {
  await closeServices()
}
process.exit()
