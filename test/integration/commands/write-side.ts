import { randomUUID } from 'node:crypto'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { foldAccount } from '../../../src/commands/account/evolve.ts'
import type { AccountState } from '../../../src/commands/account/state.ts'
import type { AccountHandler, Executed } from '../../../src/commands/handler/account-handler.ts'
import { createAccountHandler } from '../../../src/commands/handler/create-handler.ts'
import type { SnapshotPace } from '../../../src/commands/handler/snapshot-writer.ts'
import type { EventStore, RecordedEvent } from '../../../src/events/store/event-store.ts'
import { connectEventStore } from '../../../src/events/store/eventstore-db.ts'
import { accountStream } from '../../../src/events/streams.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry, type Registry } from '../../../src/platform/metrics.ts'
import { landed, signed, USDC, usdc, WALLET } from '../../unit/commands/account-story.ts'

export const log = createLog('commands-test', process.env.QUANTBOT_LOG ?? 'silent')
export const openStore = (url: string): Promise<EventStore> => connectEventStore({ url, log, clock: systemClock })

export interface Side {
  readonly handler: AccountHandler
  readonly registry: Registry
}

/** A write side of its own, as another process would have it. */
export const writeSide = (store: EventStore, logId = 'test-log', snapshots?: SnapshotPace): Side => {
  const registry = createRegistry('test')
  const paced = snapshots ? { snapshots } : {}
  return { registry, handler: createAccountHandler({ store, clock: systemClock, ids: systemIds, log, registry, logId, ...paced }) }
}

/** The tests of a run share one log: every account is new. */
export const newAccountId = (): string => `t-${randomUUID().slice(0, 18)}`

/** Executes a command as settlement or a route would. */
export const run = (
  handler: AccountHandler,
  accountId: string,
  command: AccountCommand,
  commandId: string = randomUUID(),
): Promise<Executed> =>
  handler.execute(accountId, command, {
    commandId,
    correlationId: 'test',
    causationId: 'test',
    actor: 'test',
    time: systemClock.now(),
  })

/** Opens the account and credits USDC. */
export const openFunded = async (handler: AccountHandler, accountId: string, amount = usdc(100_000)): Promise<void> => {
  const commands: AccountCommand[] = [
    { type: 'OpenAccount', accountId },
    { type: 'AssignWallet', publicKey: WALLET, path: 'm' },
    { type: 'RequestDeposit', depositId: 'd', asset: USDC, amount },
    signed('d-d', 1, 'deposit'),
    landed('d-d', [{ tokenAccount: 'ata', owner: WALLET, mint: USDC.mint, amount: amount.toString() }]),
  ]
  await Promise.all(commands.map((command) => run(handler, accountId, command)))
}

export const eventsOf = async (store: EventStore, accountId: string): Promise<RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const event of store.readStream(accountStream(accountId))) events.push(event)
  return events
}

/** The account folded from its whole stream, by no cache and no snapshot. */
export const foldedFromLog = async (store: EventStore, accountId: string): Promise<AccountState> =>
  foldAccount(await eventsOf(store, accountId))

/** Answered with an order; fails loudly otherwise. */
export const orderOf = (executed: Executed) => {
  if (executed.kind !== 'answered' || executed.answer.kind !== 'order') throw new Error(`no order: ${describeOutcome(executed)}`)
  return executed.answer.order
}

export const describeOutcome = (executed: Executed): string => {
  if (executed.kind !== 'answered') return executed.kind
  return executed.answer.kind === 'refused' ? executed.answer.refusal.code : executed.answer.kind
}
