import { inTermsOf, placeCommandId } from '../../commands/order/order-request.ts'
import type { Action } from '../agenda.ts'
import { AWAY_MS, afterIssue, issue, type Outcome, type Settling, wait } from './settling.ts'

/** As for other timers: clocks are corrected, and one sleep can't hold for ever. */
const LONGEST_MS = 3_600_000
/** A slice that was refused without a word in the log (too many refusals, no price) is offered again after this long. */
const AGAIN_MS = 1_000

/**
 * The process manager of an algo: waits for a slice's time and places it under the slice's own id. It keeps nothing: what is due comes from the
 * account's fold, and the account takes each slice once, however often and by whomever it is offered.
 */
export const runAlgo = async (
  settling: Settling,
  accountId: string,
  { algo, step }: Extract<Action, { kind: 'algo' }>,
): Promise<Outcome> => {
  const { deps } = settling
  const { algoId } = algo
  const ref = `a-${algoId}`
  if (step.kind === 'end') {
    const as = { accountId, ref, commandId: `ae-${algoId}` }
    return afterIssue(settling, await issue(settling, { type: 'EndAlgo', algoId }, as), 'EndAlgo', as)
  }
  const left = step.at - deps.clock.now()
  if (left > 0) return wait(Math.min(left, LONGEST_MS))
  if (step.kind === 'skip') {
    const as = { accountId, ref, commandId: `as-${algoId}-${step.slice}` }
    return afterIssue(settling, await issue(settling, { type: 'SkipSlice', algoId, slice: step.slice }, as), 'SkipSlice', as)
  }
  const { request } = step
  const newest = deps.instruments.bySymbol(request.symbol)
  const instrument = newest && inTermsOf(newest, algo.instrument)
  const reference = deps.quotes.mid(request.symbol)
  if (!instrument || (!reference && request.price === null)) return wait(AWAY_MS)
  const as = { accountId, ref, commandId: placeCommandId(request.clOrdId) }
  const issued = await issue(settling, { type: 'PlaceOrder', request, instrument, reference, route: 'unprobed' }, as)
  if (issued.kind === 'declined') {
    deps.log.info({ accountId, algoId, slice: request.clOrdId, because: issued.reason }, 'a slice was not placed')
    if (issued.reason === 'duplicate_cl_ord_id') {
      const end = { ...as, commandId: `ae-${algoId}` }
      return afterIssue(settling, await issue(settling, { type: 'EndAlgo', algoId }, end), 'EndAlgo', end)
    }
    return wait(AGAIN_MS)
  }
  return afterIssue(settling, issued, 'PlaceOrder', as)
}
