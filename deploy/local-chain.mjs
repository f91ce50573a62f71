// The embedded chain and venue as a service of their own, for a compose file without a real one: RPC on 8899 and 8898, venue on 8090.
import { join } from 'node:path'
import { createLog } from '../dist/src/platform/log.js'
import { claimDataFolder } from '../dist/src/platform/data-folder.js'
import { superviseParts } from '../dist/src/platform/supervisor.js'
import { forward } from './forward.mjs'

const [folder = '/chain', rpcPorts = '8899,8898', venuePort = '8090'] = process.argv.slice(2)
const log = createLog('local-chain')
const claim = await claimDataFolder(folder)
if (!claim.ok) {
  process.stderr.write(`${folder} is in use by process ${claim.heldBy}\n`)
  process.exit(2)
}
const supervisor = superviseParts({ dataDir: folder, log })
const forwards = []
const stop = async () => {
  for (const one of forwards) one.close()
  await supervisor.stop()
  await claim.release()
  process.exit(0)
}
process.once('SIGTERM', stop)
process.once('SIGINT', stop)

const ready = async (spec) => {
  const outcome = await supervisor.start(spec)
  if (!outcome.ok) throw new Error(`${spec.name}: ${outcome.reason}`)
  return outcome.announcement
}
const db = join(folder, 'solana')
const chain = await ready({
  name: 'solana',
  entry: 'embedded/solana/main',
  portCount: 2,
  args: (ports) => ['--db', db, '--slot-ms', process.env.SOLANA_SLOT_MS ?? '400', '--ports', ports.join(',')],
})
const rpc = chain.ports.map((port) => `http://127.0.0.1:${port}`)
const venue = await ready({
  name: 'venue',
  entry: 'embedded/venue/main',
  args: ([port]) => ['--port', String(port), '--rpc', rpc.join(','), '--pools', join(db, 'pools.json')],
})
for (const [n, port] of rpcPorts.split(',').entries()) forwards.push(await forward(Number(port), chain.ports[n] ?? chain.port))
forwards.push(await forward(Number(venuePort), venue.port))
process.stdout.write(`READY ${JSON.stringify({ part: 'local-chain', rpc: forwards.slice(0, -1).map((one) => one.port), venue: forwards.at(-1).port })}\n`)
