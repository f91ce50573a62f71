import { orderIdOf } from '../../events/streams.ts'
import { balanceOf, covers } from '../ledger/balances.ts'
import type { Breach } from '../limits/control-check.ts'
import { rejectionWait } from '../limits/rejection-budget.ts'
import { riskBreach, shareBreach } from '../limits/risk-breach.ts'
import { openOrder } from '../order/evolve.ts'
import { shareOf, siblingsOf } from '../order/order-list.ts'
import { instrumentTerms, placeCommandId, termsHashOf } from '../order/order-request.ts'
import { acceptOrder, expiryOf, firstStop, needsReference, type Placement, rejectOrder } from '../order/place.ts'
import { postOnlyBreach } from '../order/post-only.ts'
import { spentAsset, worstCaseInput } from '../order/reservation.ts'
import { sliceBlock } from './algos.ts'
import { answerOrder, ignored, refused, repeated, unknownStrategy } from './answers.ts'
import type { AccountCommand, Decision } from './command.ts'
import { findKnown, isKnown } from './known-ids.ts'
import type { AccountState } from './state.ts'

type PlaceOrder = Extract<AccountCommand, { type: 'PlaceOrder' }>

/** Accepts an order and holds its worst-case input, answers a repetition, or puts the refusal on record: control, limits, then funds at mid, then the route. */
export const placeOrder = (state: AccountState, accountId: string, command: PlaceOrder, at: number): Decision => {
  const { request, instrument, reference } = command
  const termsHash = termsHashOf(request)
  const known = knownOrder(state, request.clOrdId, termsHash)
  if (known === 'other_terms') return refused('duplicate_cl_ord_id', `${request.clOrdId} was used for an order with other terms`)
  if (known) return repeated(known.revision)
  if (command.strategyUnknown) return unknownStrategy(request.strategyId)
  const notDue = sliceBlock(state, request, at)
  if (notDue !== undefined) return ignored(notDue)

  const terms = instrumentTerms(instrument)
  const asset = spentAsset(request.side, terms)
  const noPrice = needsReference(request) && reference === undefined
  const measure = firstStop(request, reference) ?? reference?.price ?? null
  const toReserve = { ...request, qty: request.orderQty, cash: request.cashOrderQty, reference: measure }
  const need = noPrice ? undefined : worstCaseInput(toReserve, terms)
  if (need === undefined) return refused('not_ready', `no fresh price for ${request.symbol}`, { retryAfter: 1 })
  const { list } = request
  const amount = list ? shareOf(need, list, siblingsOf(state.orders.values(), state.nextOrder, list)) : need
  const expireAt = expiryOf(request, at)
  if (expireAt !== null && expireAt <= at) return pastDeadline()

  const placement: Placement = { accountId, number: state.nextOrder, request, instrument, termsHash, fee: command.fee ?? null, at }
  const breach =
    riskBreach(state, command, amount, at) ??
    postOnlyBreach(request, reference) ??
    fundsBreach(state, asset, amount) ??
    routeBreach(command)
  if (breach) return reject(state, placement, breach)
  const shares = shareBreach(state, command, at)
  if ('why' in shares) return reject(state, placement, shares)
  if (shares.length > 0) return { events: [], answer: { kind: 'needs_shares', needs: shares } }

  const accepted = acceptOrder(placement, { asset, amount }, reference)
  return answerOrder(accountId, openOrder(accepted.data, state.revision + 1n), [accepted], true)
}

/** Not put on record: the request can never have been meant so, and its repetition is answered by the order it once made. */
const pastDeadline = (): Decision =>
  refused('invalid_request', 'the body is not valid: expireTime has passed', {
    errors: [{ field: 'expireTime', reason: 'must be in the future' }],
  })

/** An order of this clOrdId, open, closed or rejected: the revision of its first event, or that its terms differ. */
export const knownOrder = (
  state: AccountState,
  clOrdId: string,
  termsHash: string,
): { readonly revision: bigint } | 'other_terms' | undefined => {
  const open = state.orders.get(state.openByClOrdId.get(clOrdId) ?? 0)
  if (open) return open.termsHash === termsHash ? { revision: open.acceptedRevision } : 'other_terms'
  return findKnown(state, placeCommandId(clOrdId), termsHash)
}

/** Whether the clOrdId was used at all, whatever the terms. */
export const knowsClOrdId = (state: AccountState, clOrdId: string): boolean =>
  state.openByClOrdId.has(clOrdId) || isKnown(state, placeCommandId(clOrdId))

const fundsBreach = ({ balances }: AccountState, asset: string, amount: bigint): Breach | undefined => {
  if (covers(balances, asset, amount)) return undefined
  const why = { rule: 'available_funds', limit: balanceOf(balances, asset).available.toString(), value: amount.toString() }
  return { code: 'insufficient_funds', text: `available ${asset} does not cover it`, why }
}

const routeBreach = ({ route, request }: PlaceOrder): Breach | undefined =>
  route === 'none' ? { code: 'no_route', text: `no route for ${request.symbol}`, why: { rule: 'route' } } : undefined

const reject = (state: AccountState, placement: Placement, breach: Breach): Decision => {
  const wait = rejectionWait(state.rejectedAt, placement.at)
  if (wait > 0) return refused('rate_limited', 'too many orders of this account were rejected in the last minute', { retryAfter: wait })
  return refused(breach.code, breach.text, {
    events: [rejectOrder(placement, breach)],
    extra: { orderId: orderIdOf(placement.accountId, placement.number), why: breach.why },
  })
}
