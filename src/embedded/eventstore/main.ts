import { parseArgs } from 'node:util'
import { announceReady, stopWithParent } from '../../platform/child.ts'
import { createLog } from '../../platform/log.ts'
import { type EventStoreNode, type NodeOptions, startNode } from './node.ts'

/** The embedded event store node as a process of its own. Exit codes: 0 stopped, 1 failed, 2 wrong flags. */
const main = async (): Promise<void> => {
  const flags = flagsOrExit(process.argv.slice(2))
  const log = createLog('eventstore')
  const onFailure = (error: Error): void => {
    log.fatal({ err: error }, 'the disk failed: no more appends are accepted, the node ends')
    // long enough for the answers already on their way to leave
    setTimeout(() => process.exit(1), 200)
  }
  let node: EventStoreNode
  try {
    node = await startNode({ ...flags, onFailure })
  } catch (error) {
    log.fatal({ err: error }, 'the event store node could not start')
    process.exit(1)
  }
  if (node.recovered.torn) log.warn(node.recovered, 'an unfinished write at the end of the log was cut')
  log.info({ ...node.recovered, port: node.port, db: flags.db, sync: flags.sync }, 'event store node serves')
  stopWithParent(() => node.stop())
  announceReady({ part: 'eventstore', port: node.port, url: `esdb://${flags.advertiseHost}:${node.port}?tls=false` })
}

const flagsOrExit = (args: string[]): Omit<NodeOptions, 'onFailure'> => {
  try {
    return parseFlags(args)
  } catch (error) {
    process.stderr.write(`eventstore: ${(error as Error).message}\n`)
    process.exit(2)
  }
}

const parseFlags = (args: string[]): Omit<NodeOptions, 'onFailure'> => {
  const { values } = parseArgs({
    args,
    options: {
      db: { type: 'string' },
      'node-ip': { type: 'string', default: '127.0.0.1' },
      'node-port': { type: 'string', default: '2113' },
      'advertise-host': { type: 'string', default: '127.0.0.1' },
      insecure: { type: 'boolean', default: false },
      'no-sync': { type: 'boolean', default: false },
    },
  })
  const port = Number(values['node-port'])
  if (values.db === undefined) throw new Error('--db DIR is missing')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--node-port ${values['node-port']} is not a port`)
  if (!values.insecure) throw new Error('this node serves clear text only: start it with --insecure')
  return {
    db: values.db,
    host: values['node-ip'],
    port,
    advertiseHost: values['advertise-host'],
    sync: !values['no-sync'],
  }
}

await main()
