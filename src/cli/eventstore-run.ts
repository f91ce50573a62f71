import { startEventStoreNode } from './eventstore-node.ts'
import { CommandFailure } from './outcome.ts'

export interface EventStoreRunFlags {
  readonly db: string
  readonly nodeIp: string
  readonly nodePort: string
  readonly advertiseHost: string
  readonly insecure?: boolean
  readonly certificateFile?: string
  readonly certificatePrivateKeyFile?: string
  readonly adminPassword?: string
}

/** Runs the node alone until SIGTERM or SIGINT; says READY on stdout. Resolves to the exit code. @throws CommandFailure 2 */
export const eventStoreRun = async (flags: EventStoreRunFlags): Promise<number> => {
  refuseUnbuilt(flags)
  const node = startEventStoreNode([
    ...['--db', flags.db, '--node-ip', flags.nodeIp, '--node-port', flags.nodePort, '--advertise-host', flags.advertiseHost],
    '--insecure',
  ])
  let stopping = false
  const stop = (): void => {
    stopping = true
    void node.stop()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  const start = await node.started
  if (start.kind === 'ready') process.stdout.write(`READY ${JSON.stringify({ part: 'eventstore', port: start.announcement.port })}\n`)
  const { code } = await node.ended
  return stopping ? 0 : (code ?? 1)
}

const refuseUnbuilt = (flags: EventStoreRunFlags): void => {
  const { certificateFile, certificatePrivateKeyFile, adminPassword, insecure, nodePort } = flags
  if (certificateFile !== undefined || certificatePrivateKeyFile !== undefined)
    throw new CommandFailure(2, 'this node serves clear text only: --certificate-file is not built yet, start it with --insecure')
  if (adminPassword !== undefined) throw new CommandFailure(2, 'this node knows no users yet: --admin-password is not built')
  if (!insecure) throw new CommandFailure(2, 'this node serves clear text only: start it with --insecure')
  if (!/^\d{1,5}$/.test(nodePort) || Number(nodePort) > 65_535) throw new CommandFailure(2, `--node-port ${nodePort} is not a port`)
}
