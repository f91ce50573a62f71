import { Command, CommanderError } from 'commander'
import { createLog } from '../platform/log.ts'
import type { ChaosFlags } from './chaos/command.ts'
import type { DemoFlags } from './demo/command.ts'
import type { EventStoreRunFlags } from './eventstore-run.ts'
import type { KeysCreateFlags } from './keys-create.ts'
import { CommandFailure, type Outcome } from './outcome.ts'
import type { ReconcileFlags } from './reconcile.ts'
import type { ReshardFlags } from './reshard.ts'

// Each command is loaded when it runs: the chain's packages alone take half a second and have things to say on stderr.

const log = createLog('quantbot', process.env.QUANTBOT_LOG ?? 'warn')

/** Prints an outcome the way it was asked for and makes its code the exit code. */
const show = async (outcome: Promise<Outcome>, { json }: { json?: boolean }): Promise<void> => {
  const { code, document, table } = await outcome
  process.stdout.write(`${json ? JSON.stringify(document) : table}\n`)
  process.exitCode = code
}

const program = new Command('quantbot')
  .description('Commands of Quant-Bot. Services are found by their URLs, or beside a running product by QUANTBOT_DATA.')
  .exitOverride()
  .configureOutput({ writeOut: (text) => process.stderr.write(text) })

const JSON_FLAG = ['--json', 'one JSON document on stdout'] as const

const eventstore = program.command('eventstore').description('the embedded event store')
eventstore
  .command('run')
  .description('run the node alone; READY on stdout, SIGTERM stops it')
  .requiredOption('--db <dir>', 'folder of the log')
  .option('--node-ip <ip>', 'address to listen on', '127.0.0.1')
  .option('--node-port <port>', '0 for any free one', '2113')
  .option('--advertise-host <host>', 'host that clients are told', '127.0.0.1')
  .option('--insecure', 'clear text')
  .option('--certificate-file <file>', 'not built yet')
  .option('--certificate-private-key-file <file>', 'not built yet')
  .option('--admin-password <password>', 'not built yet')
  .action(async (flags: EventStoreRunFlags) => {
    const { eventStoreRun } = await import('./eventstore-run.ts')
    process.exitCode = await eventStoreRun(flags)
  })

const keys = program.command('keys').description('API keys')
keys
  .command('create')
  .description('make a key; in force within 5 s, only its hash is kept')
  .requiredOption('--scopes <list>', 'comma-separated: trade, read, audit, operate, risk:admin')
  .option('--accounts <list>', 'comma-separated account ids; all accounts when left out')
  .option(...JSON_FLAG)
  .action(async (flags: KeysCreateFlags & { json?: boolean }) => show((await import('./keys-create.ts')).keysCreate(flags, log), flags))

program
  .command('digest')
  .description("digest of every shard's read models at one position")
  .option(...JSON_FLAG)
  .action(async (flags: { json?: boolean }) => show((await import('./digest.ts')).digest(log), flags))

program
  .command('rebuild')
  .description('replay a read model from the first event beside the live one, compare, and replace what differs; exit 1 when anything did')
  .argument('<projection>', 'a read model, or all')
  .option(...JSON_FLAG)
  .action(async (name: string, flags: { json?: boolean }) => show((await import('./rebuild.ts')).rebuildCommand(name, log), flags))

program
  .command('reshard')
  .description(
    'move the read models to another number of shards while they are read and written; killed, the same call goes on; exit 1 when the new shards differ',
  )
  .option('--to <n>', 'how many shards')
  .option('--abandon', 'give up the map that is being built')
  .option(...JSON_FLAG)
  .action(async (flags: ReshardFlags & { json?: boolean }) => show((await import('./reshard.ts')).reshardCommand(flags, log), flags))

program
  .command('reconcile')
  .description("compare the ledger with the wallets' balances on the chain; exit 1 on a difference")
  .option('--wait <seconds>', 'give work in flight this long to settle', '0')
  .option(...JSON_FLAG)
  .action(async (flags: ReconcileFlags & { json?: boolean }) => show((await import('./reconcile.ts')).reconcileCommand(flags, log), flags))

program
  .command('demo')
  .description('trade on a running product, or on one of its own, and prove the result; exit 1 when a proof fails')
  .option('--orders <n>', 'how many orders', '200')
  .option('--accounts <n>', 'over how many accounts', '8')
  .option('--seed <n>', 'the same seed plans the same orders')
  .option('--hostile <seed>', 'with a product of its own: put a hostile front with this seed before its chain')
  .option('--prices <dir>', 'folder with recorded prices (QUANTBOT_DEMO_PRICES)')
  .option(...JSON_FLAG)
  .action(async (flags: DemoFlags & { json?: boolean }) => show((await import('./demo/command.ts')).demo(flags, log), flags))

program
  .command('chaos')
  .description('trade behind the hostile front while processes are killed, then count what should not be; exit 1 when anything is')
  .option('--rounds <n>', 'one kill each', '10')
  .option('--seed <n>', 'the same seed plans the same orders, kills and faults', '1')
  .option(...JSON_FLAG)
  .action(async (flags: ChaosFlags & { json?: boolean }) => show((await import('./chaos/command.ts')).chaos(flags, log), flags))

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  process.stderr.write(`${error instanceof CommandFailure ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  return error instanceof CommandFailure ? error.code : 1
}
