import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startNodeProcess } from '../integration/eventstore-node/node-process.ts'
import { playReplicas } from '../integration/replicas/replica-rounds.ts'
import { openReplicaStand } from '../integration/replicas/replica-stand.ts'
import { debianPostgres } from '../support/debian-postgres.ts'

// npm run -s soak:replicas -- --reads 10000 --minutes 30 (whichever is first): reads that a standby answers whose replay stops and goes on at random;
// one JSON document, exit 1 on a wrong answer.
const { values } = parseArgs({ options: { reads: { type: 'string', default: '10000' }, minutes: { type: 'string', default: '30' } } })
const bin = debianPostgres()
if (bin === undefined) {
  process.stderr.write('skipped: Postgres with pg_basebackup is not packaged here\n')
  process.exit(3)
}
const folder = mkdtempSync(join(tmpdir(), 'quantbot-soak-'))
const node = await startNodeProcess({ db: folder })
try {
  const stand = await openReplicaStand(bin, { shards: 2, storeUrl: node.url })
  const rounds = { reads: Number(values.reads), readers: 8, accounts: 24, minutes: Number(values.minutes) }
  const verdict = await playReplicas(stand, rounds).finally(() => stand.close())
  process.stdout.write(`${JSON.stringify(verdict)}\n`)
  process.exitCode = verdict.wrong === 0 ? 0 : 1
} finally {
  await node.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
}
