import type { DataOf } from '../../events/account/account-event.ts'
import { algoDocument } from '../../events/algo-document.ts'
import { decodeAccountEvent } from '../../events/decode.ts'
import { orderDocument } from '../../events/order-document.ts'
import type { EventStore, RecordedEvent } from '../../events/store/event-store.ts'
import { accountStream } from '../../events/streams.ts'
import type { Grant } from '../../platform/http/grant.ts'
import { type Refusal, refusal } from '../../platform/http/problem.ts'
import { ok, type Reply, type RequestContext, refuse } from '../../platform/http/route.ts'
import type { AccountCommand, CommandContext } from '../account/command.ts'
import { openCorrection } from '../account/evolve-corrections.ts'
import { problemOf } from '../account/order-requests.ts'
import type { AccountState } from '../account/state.ts'
import { factsOf, openAlgo } from '../algo/algo-state.ts'
import type { AccountHandler, Executed } from '../handler/account-handler.ts'
import { correctionDocument } from '../ledger/correction.ts'
import { newPayout, payoutDocument } from '../ledger/payout.ts'
import { openOrder } from '../order/evolve.ts'
import { orderFacts } from '../order/order-state.ts'

export interface CommandPorts {
  readonly store: EventStore
  readonly handler: AccountHandler
}

/** 403 for a key without a grant on the account: decided from the id, before anything is looked up. */
export const forbiddenAccount = (grant: Grant, accountId: string): Reply | undefined =>
  grant.accounts === '*' || grant.accounts.has(accountId) ? undefined : refuse('forbidden', 'this key has no grant on the account')

/** Executes a command on behalf of a request and answers in the contract's shapes. */
export const execute = async (
  ports: CommandPorts,
  accountId: string,
  commandId: string,
  command: AccountCommand,
  request: RequestContext,
): Promise<Reply> => respond(ports, accountId, await ports.handler.execute(accountId, command, commandContext(commandId, request)))

/** The same for a command that leaves nothing but the account it changed: `shown` tells of that. Refused, or without an answer in time, it is as above. */
export const executeAndShow = async (
  ports: CommandPorts,
  accountId: string,
  commandId: string,
  command: AccountCommand,
  request: RequestContext,
  shown: (state: AccountState) => Readonly<Record<string, unknown>>,
): Promise<Reply> => {
  const executed = await ports.handler.execute(accountId, command, commandContext(commandId, request))
  return executed.kind === 'answered' && (executed.answer.kind === 'done' || executed.answer.kind === 'ignored')
    ? ok({ ...shown(executed.state), position: executed.position.toString() })
    : respond(ports, accountId, executed)
}

const commandContext = (commandId: string, request: RequestContext): CommandContext => ({
  commandId,
  correlationId: request.correlationId,
  causationId: request.correlationId,
  actor: request.grant.keyId,
  time: request.receivedAt,
  traceparent: request.traceparent,
})

const respond = async (ports: CommandPorts, accountId: string, executed: Executed): Promise<Reply> => {
  if (executed.kind === 'unknown') return ok({ operationId: executed.operationId, outcome: 'unknown' }, 202)
  if (executed.kind === 'unavailable') return refuse('not_ready', executed.detail)
  const { answer, position } = executed
  switch (answer.kind) {
    case 'account':
      return answer.first ? ok({ accountId, position: position.toString() }, 201) : firstAnswer(ports, accountId, 0n)
    case 'deposit':
      return ok({ ...answer.deposit, position: position.toString() }, 201)
    case 'order':
      return ok(orderDocument({ ...answer.order, position: position.toString() }), answer.first ? 201 : 200)
    case 'dead_man': {
      const deadline = answer.deadline === null ? null : new Date(answer.deadline).toISOString()
      return ok({ accountId, deadline, position: position.toString() })
    }
    case 'algo': {
      const { algo, status, first } = answer
      return ok(algoDocument(factsOf(algo, status, accountId, position.toString())), first ? 201 : 200)
    }
    case 'document':
      return ok({ ...answer.document, position: position.toString() }, answer.first ? 201 : 200)
    case 'list': {
      const orders = answer.orders.map((order) => orderDocument({ ...order, position: position.toString() }))
      return ok({ listId: answer.listId, orders, position: position.toString() }, answer.first ? 201 : 200)
    }
    case 'orders':
      return ok({ accountId, orders: answer.orders, position: position.toString() })
    case 'repeated':
      return firstAnswer(ports, accountId, answer.revision)
    case 'refused':
      return { refusal: answer.refusal }
    case 'needs_shares':
      return refuse('not_ready', 'a share of a limit could not be had just now')
    case 'done':
    case 'ignored':
      throw new Error(`no route asks for an answer "${answer.kind}"`)
    default:
      return answer satisfies never
  }
}

/** The same request came before: its answer as first given, rebuilt from the event that answered it. */
const firstAnswer = async ({ store }: CommandPorts, accountId: string, revision: bigint): Promise<Reply> => {
  const recorded = await readOne(store, accountId, revision).catch(() => undefined)
  if (!recorded) return refuse('not_ready', 'the first answer could not be read')
  const event = decodeAccountEvent(recorded)
  const position = recorded.position.commit.toString()
  switch (event.type) {
    case 'AccountOpened':
      return ok({ accountId, position })
    case 'FundsDepositRequested':
      return ok({ depositId: event.data.depositId, status: 'requested', position })
    case 'AlgoStarted':
      return ok(algoDocument(factsOf(openAlgo(event.data, revision), 'Running', accountId, position)))
    case 'FundsWithdrawalRequested':
    case 'FundsTransferRequested':
      return ok({ ...payoutDocument(newPayout(event, revision), accountId), position })
    case 'LedgerCorrectionRequested':
      return ok({ ...correctionDocument(accountId, openCorrection(event.data, revision), { status: 'requested' }), position })
    case 'OrderAccepted':
      return ok(orderDocument({ ...orderFacts(openOrder(event.data, revision), accountId), position }))
    case 'OrderRejected':
      return { refusal: rejectionOf(event.data) }
    case 'OrderReplaceRejected': {
      const { code, text, orderId, cxlRejReason, why } = event.data
      return { refusal: refusal(problemOf(code), text, { extra: { orderId, cxlRejReason, ...(why ? { why } : {}) } }) }
    }
    default:
      throw new Error(`revision ${revision} of ${accountId} answers no request: ${event.type}`)
  }
}

const rejectionOf = ({ code, text, orderId, why }: DataOf<'OrderRejected'>): Refusal =>
  refusal(code, text, { extra: { orderId, ...(why ? { why } : {}) } })

const readOne = async (store: EventStore, accountId: string, revision: bigint): Promise<RecordedEvent | undefined> => {
  let found: RecordedEvent | undefined
  for await (const recorded of store.readStream(accountStream(accountId), revision, 1)) found = recorded
  return found
}
