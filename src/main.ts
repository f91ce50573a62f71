import { defineInstruments, followInstruments } from './events/instruments.ts'
import { followKeys } from './events/key-ring.ts'
import { ensureLogId } from './events/log-identity.ts'
import { followRules } from './events/rules.ts'
import { connectEventStore } from './events/store/eventstore-db.ts'
import { banner } from './main/banner.ts'
import { ensureKeys } from './main/keys.ts'
import { type Opened, openServices } from './main/open-services.ts'
import { startRoles } from './main/roles.ts'
import { systemClock } from './platform/clock.ts'
import { type Config, readConfig } from './platform/config.ts'
import { createHealthBoard, type HealthBoard } from './platform/health.ts'
import { serveHttp } from './platform/http/server.ts'
import { systemIds } from './platform/ids.ts'
import { createLog, type Logger } from './platform/log.ts'
import { createRegistry } from './platform/metrics.ts'
import { removeRunFile, writeRunFile } from './platform/runfile.ts'

/** Everything started so far, newest last: stopping walks it backwards. */
type Closers = (() => Promise<void>)[]

const clock = systemClock
const ids = systemIds
const say = (line: string): void => void process.stderr.write(`${line}\n`)

const start = async (config: Config, log: Logger, closers: Closers, stopped: AbortSignal): Promise<void> => {
  const opened = await openServices(config, { log, ids, say })
  if ('refused' in opened) return exit(2, opened.refused)
  closers.push(opened.close)
  const { services } = opened

  const store = await connectEventStore({ url: services.eventStore, log, clock })
  closers.push(store.close)
  const logId = await ensureLogId(store, ids)
  await defineInstruments(store, clock)
  if (config.roles.has('commands')) await ensureKeys(config.dataDir, store, ids, clock)
  const reference = { store, clock, ids, log, signal: stopped }
  const [instruments, keys, rules] = await Promise.all([followInstruments(reference), followKeys(reference), followRules(reference)])

  const registry = createRegistry(config.roleName)
  const health = createHealthBoard()
  health.register('eventstore', store.connected)
  registerParts(health, opened)
  const roles = await startRoles({ config, services, store, logId, instruments, rules, registry, health, clock, ids, log })
  closers.push(roles.close)

  const http = await serveHttp({ routes: roles.routes, keys, health, registry, clock, ids, log }, config.host, config.port)
  closers.push(http.close)
  await writeRunFile(config.dataDir, config.roleName, { pid: process.pid, port: http.port, url: http.url })
  closers.push(() => removeRunFile(config.dataDir, config.roleName))
  while (!health.report().ready) await clock.sleep(20, stopped)
  say(banner(http.url, config, opened.reports))
  process.stdout.write(`READY ${JSON.stringify({ role: config.roleName, url: http.url, pid: process.pid })}\n`)
}

const registerParts = (health: HealthBoard, opened: Opened): void => {
  for (const part of opened.states().keys()) {
    // Redis may be lost: reads are slower without it, never wrong
    if (part === 'redis') continue
    health.register(`part:${part}`, () => {
      const state = opened.states().get(part)
      return state === 'running' ? { ready: true } : { ready: false, detail: state ?? 'not started' }
    })
  }
}

const exit = (code: number, line: string): never => {
  say(line)
  process.exit(code)
}

const main = async (): Promise<void> => {
  const outcome = readConfig(process.argv.slice(2), process.env)
  if (!outcome.ok) return exit(2, `configuration: ${outcome.message}`)
  const { config } = outcome
  const log = createLog(config.roleName, config.logLevel)
  const closers: Closers = []
  const stopping = new AbortController()
  let stop: Promise<void> | undefined
  const stopOnce = (): Promise<void> => {
    stop ??= (async () => {
      stopping.abort(new Error('stopping'))
      for (const close of closers.reverse()) await close().catch((error: unknown) => log.error({ err: error }, 'a part did not close'))
    })()
    return stop
  }
  const onSignal = (): void => void stopOnce().then(() => process.exit(0))
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    await start(config, log, closers, stopping.signal)
  } catch (error) {
    if (stopping.signal.aborted) return
    log.fatal({ err: error }, 'start failed')
    await stopOnce()
    exit(1, `could not start: ${error instanceof Error ? error.message : String(error)}`)
  }
}

await main()
