import type { Action } from '../agenda.ts'
import { judgeQuote, termsOf } from '../bounds.ts'
import { afterIssue, issue, type Outcome, type Settling, WATCHED } from './settling.ts'

/** A resting order: nothing until the mid reaches its price, then a quote of its size, and only if that meets it the trigger. */
export const watchPrice = async (
  settling: Settling,
  accountId: string,
  { order }: Extract<Action, { kind: 'watch' }>,
): Promise<Outcome> => {
  const { deps, prices } = settling
  const mid = prices.reached(accountId, order)
  const terms = termsOf(order)
  if (!mid || !terms) return WATCHED
  // Read before asking: the answer is at least as old as the question.
  const time = deps.clock.now()
  const answer = await deps.venue.quote({ ...terms, taker: deps.keystore.wallet(accountId).signer.publicKey })
  const judged = answer.ok ? judgeQuote(order, terms, answer.value) : undefined
  if (!judged?.within) {
    prices.cool(order)
    return WATCHED
  }
  const as = { accountId, ref: String(order.number), commandId: `trigger-${order.number}-${time}` }
  const trigger = { price: judged.price, sourceId: mid.sourceId, time }
  const issued = await issue(settling, { type: 'TriggerOrder', number: order.number, trigger }, as)
  if (issued.kind !== 'applied') prices.cool(order)
  return afterIssue(settling, issued, 'TriggerOrder', as)
}
