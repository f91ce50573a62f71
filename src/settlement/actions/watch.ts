import type { AccountCommand } from '../../commands/account/command.ts'
import type { AccountState } from '../../commands/account/state.ts'
import { isMet, waitingFor } from '../../commands/order/conditions.ts'
import type { OrderState } from '../../commands/order/order-state.ts'
import type { PriceCitation } from '../../events/fields.ts'
import type { Action } from '../agenda.ts'
import { judgeQuote, termsOf } from '../bounds.ts'
import { barredFrom } from './halted.ts'
import { afterIssue, issue, type Outcome, type Settling, WATCHED } from './settling.ts'

/** A resting order: nothing until a price meets what it waits for, then the command that says so. The account's decider has the last word. */
export const watchPrice = async (
  settling: Settling,
  accountId: string,
  state: AccountState,
  { order }: Extract<Action, { kind: 'watch' }>,
): Promise<Outcome> => {
  const { deps, prices } = settling
  const waiting = waitingFor(order)
  const tickSize = deps.instruments.bySymbol(order.instrument.symbol)?.tickSize ?? '0'
  const quote = prices.met(accountId, order, tickSize)
  if (!quote || !waiting) return WATCHED
  if (barredFrom(settling.deps.rules, state, String(order.number)) !== undefined) {
    settling.halted.add(accountId)
    return WATCHED
  }
  const tell = (command: AccountCommand, commandId: string): Promise<Outcome> => told(settling, accountId, order, command, commandId)
  const { number } = order
  switch (waiting.kind) {
    case 'limit': {
      const trigger = await quoteOfSize(settling, accountId, order, quote)
      if (trigger) return tell({ type: 'TriggerOrder', number, trigger }, `trigger-${number}-${trigger.time}`)
      prices.cool(order)
      return WATCHED
    }
    case 'trailing':
      if (!isMet(waiting, quote.price)) return tell({ type: 'TrailOrder', number, quote, tickSize }, `trail-${number}-${quote.time}`)
      return tell({ type: 'TriggerOrder', number, trigger: quote }, `stop-${number}-${quote.time}`)
    case 'stop':
      return tell({ type: 'TriggerOrder', number, trigger: quote }, `stop-${number}-${quote.time}`)
    case 'market':
      // the last try failed on this very market: one try a second
      prices.cool(order)
      return tell({ type: 'TriggerOrder', number, trigger: quote }, `again-${number}-${quote.time}`)
    default:
      return waiting satisfies never
  }
}

/** The mid is better than any quote of size: a first look, never the trigger of a limit order. */
const quoteOfSize = async (
  { deps }: Settling,
  accountId: string,
  order: OrderState,
  mid: PriceCitation,
): Promise<PriceCitation | undefined> => {
  const terms = termsOf(order)
  if (!terms) return undefined
  // Read before asking: the answer is at least as old as the question.
  const time = deps.clock.now()
  const answer = await deps.venue.quote({ ...terms, taker: deps.keystore.wallet(accountId).signer.publicKey })
  const judged = answer.ok ? judgeQuote(order, terms, answer.value) : undefined
  return judged?.within ? { price: judged.price, sourceId: mid.sourceId, time } : undefined
}

const told = async (
  settling: Settling,
  accountId: string,
  order: OrderState,
  command: AccountCommand,
  commandId: string,
): Promise<Outcome> => {
  const as = { accountId, ref: String(order.number), commandId }
  const issued = await issue(settling, command, as)
  if (issued.kind !== 'applied') settling.prices.cool(order)
  return afterIssue(settling, issued, command.type, as)
}
