import { parseArgs } from 'node:util'
import { announceReady, stopWithParent } from '../../platform/child.ts'
import { createLog } from '../../platform/log.ts'
import { serveAdmin } from './admin.ts'
import { seededChance } from './chance.ts'
import { createFates } from './fates.ts'
import { type HostilePort, servePort } from './port.ts'
import { readProfile } from './profile.ts'
import { createTally } from './tally.ts'
import { openUpstream } from './upstream.ts'

// A hostile front before a Solana RPC endpoint: the same chain on many ports, each with seeded faults.
// Flags: --upstream URL [--ports N|P1,P2…] [--seed S] [--profile FILE|JSON|calm|storm] [--slot-ms 400] [--admin-port P]

const log = createLog('hostile')

/** A single number this small is how many; ports below it belong to the system. */
const MOST_PORTS = 64

const flags = () => {
  const { values } = parseArgs({
    options: {
      upstream: { type: 'string' },
      ports: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      profile: { type: 'string', default: 'storm' },
      'slot-ms': { type: 'string', default: '400' },
      'admin-port': { type: 'string', default: '0' },
    },
  })
  const numbers = values.ports.split(',').map(Number)
  const [only = 0] = numbers
  const ports = numbers.length === 1 && only > 0 && only <= MOST_PORTS ? Array.from({ length: only }, () => 0) : numbers
  const slotMs = Number(values['slot-ms'])
  if (!values.upstream || !URL.canParse(values.upstream)) throw new Error('--upstream URL is needed')
  if (!/^\d{1,10}$/.test(values.seed)) throw new Error('--seed must be a whole number')
  if ([...ports, Number(values['admin-port'])].some((port) => !Number.isInteger(port) || port < 0 || port > 65_535))
    throw new Error('--ports must be how many, or port numbers')
  if (!Number.isInteger(slotMs) || slotMs < 10) throw new Error('--slot-ms must be a whole number of at least 10')
  return { ...values, upstream: values.upstream, ports, slotMs, seed: Number(values.seed), adminPort: Number(values['admin-port']) }
}

const run = async () => {
  const { upstream: url, ports: wanted, seed, profile: given, slotMs, adminPort } = flags()
  const chance = seededChance(seed)
  const profile = readProfile(given, wanted.length, chance)
  const upstream = await openUpstream(url, slotMs, log)
  const tally = createTally()
  const fates = createFates(upstream, chance, profile.fates, tally, log)
  const ports: HostilePort[] = []
  for (const [index, listen] of wanted.entries()) {
    const first = profile.ports.length === 0 ? {} : profile.ports[index % profile.ports.length]!
    ports.push(await servePort({ index, listen, first, fates, upstream, slotMs, chance, tally, log }))
  }
  const admin = await serveAdmin({ listen: adminPort, ports, fates, tally })
  stopWithParent(async () => {
    await Promise.all(ports.map((port) => port.close()))
    await admin.close()
    await upstream.close()
  })
  const served = ports.map(({ port }) => port)
  const urls = served.map((port) => `http://127.0.0.1:${port}`)
  const ready = { part: 'hostile', port: served[0]!, ports: served, url: urls[0]!, urls, admin: `http://127.0.0.1:${admin.port}` }
  announceReady(ready)
}

run().catch((error: unknown) => {
  log.fatal({ err: error }, 'cannot start')
  process.exit(1)
})
