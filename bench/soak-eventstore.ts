import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runCrashRounds } from '../test/integration/eventstore-node/crash-rounds.ts'

/**
 * Kills the embedded event store node again and again under load and counts what was lost, doubled or torn: one JSON line on stdout.
 * With --url the load and the checks run against that server, which is not killed. Exit 1 when anything was lost, doubled or torn.
 */
const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' }, url: { type: 'string' } } })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write(`soak: --rounds ${values.rounds} is not a positive whole number\n`)
    process.exit(2)
  }
  // the client leaves the rejections of a cut batch stream unhandled here and there; the count at the end is what tells
  process.on('unhandledRejection', (error) => process.stderr.write(`soak: unhandled ${String(error)}\n`))
  const folder = mkdtempSync(join(tmpdir(), 'soak-eventstore-'))
  try {
    const target = values.url === undefined ? { db: folder } : { url: values.url }
    const report = await runCrashRounds({ rounds, target, log: (line) => process.stderr.write(`${line}\n`) })
    process.stdout.write(`${JSON.stringify(report)}\n`)
    process.exitCode = report.lost + report.doubled + report.gaps + report.partial > 0 ? 1 : 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
process.exit()
