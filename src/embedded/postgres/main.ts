import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { announceReady, stopWithParent } from '../../platform/child.ts'
import { freePorts } from '../../platform/free-ports.ts'
import { createLog } from '../../platform/log.ts'
import { endAsUnavailable } from '../../platform/unavailable.ts'
import { serverAccount } from './account.ts'
import { packagedBinaries, runnableBinaries } from './binaries.ts'
import { initialiseOnce, reachablePlace, SUPERUSER } from './cluster.ts'
import { databaseUrl, openDatabases, shardNames } from './databases.ts'
import { clusterPassword } from './password.ts'
import { type Server, startServer, stopOrphan } from './server.ts'

/** The embedded Postgres: --db DIR --port P (0 = any) --databases N --password-file F [--no-sync]. Ends with the postmaster, non-zero unless told to stop. */
const { values: flags } = parseArgs({
  options: {
    db: { type: 'string' },
    port: { type: 'string', default: '0' },
    databases: { type: 'string', default: '4' },
    'password-file': { type: 'string' },
    'no-sync': { type: 'boolean', default: false },
  },
})
if (!flags.db || !flags['password-file']) {
  process.stderr.write('usage: postgres --db DIR --password-file FILE [--port P] [--databases N] [--no-sync]\n')
  process.exit(2)
}

const log = createLog('postgres')
const stopping = new AbortController()
let server: Server | undefined

// Registered before anything is started: our parent may go away during the initdb.
stopWithParent(async () => {
  stopping.abort()
  await server?.stop()
})

const packaged = await packagedBinaries()
if (!packaged) endAsUnavailable('postgres', `there is no packaged Postgres for ${process.platform} ${process.arch}: give DATABASE_URLS`)
else await serve(packaged, resolve(flags.db), resolve(flags['password-file']))

async function serve(found: NonNullable<Awaited<ReturnType<typeof packagedBinaries>>>, wanted: string, passwordFile: string) {
  const account = serverAccount()
  const folder = await reachablePlace(wanted, account)
  if (folder !== wanted) log.warn({ wanted, folder }, 'the user "postgres" can not enter the data folder: the cluster lies elsewhere')
  const password = await clusterPassword(passwordFile, folder)
  const binaries = await runnableBinaries(found, account, dirname(folder))
  const noSync = flags['no-sync']
  const made = await initialiseOnce({ folder, binaries, account, password, noSync })
  const orphan = await stopOrphan(folder)
  log.info({ folder, cluster: made, orphan }, 'starting the server')

  const port = Number(flags.port) || (await freePorts(1))[0]!
  if (stopping.signal.aborted) return
  server = startServer({ folder, binaries, account, port, noSync, log })
  const { pid, ended, lastWords } = server
  ended.then(() => {
    if (stopping.signal.aborted) return
    log.error({ last: lastWords() }, 'the server ended by itself')
    process.exit(1)
  })

  const names = shardNames(Number(flags.databases))
  await openDatabases(port, password, names, stopping.signal)
  const urls = names.map((name) => databaseUrl(port, password, name))
  const ready = { part: 'postgres', port, pid, url: `postgres://${SUPERUSER}@127.0.0.1:${port}/${names[0]}`, urls }
  announceReady(ready)
}
