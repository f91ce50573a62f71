import type { EffectiveControl } from '../../events/controls.ts'
import { isStrategyScope } from '../../events/scope.ts'
import { isExit, mostBase } from './exits.ts'
import type { Subject } from './risk-state.ts'

/** The control in force, how old the proof is (ms) that no stricter one was missed, and how long its tick took. */
export type SigningControl = EffectiveControl & { readonly ageMs: number; readonly tripMs: number }

/** A signer proves by a tick of its own that it has missed no halt before it signs when its last proof is older than this. */
export const PROOF_MAX_AGE_MS = 40
/**
 * No signature is to be created more than 100 ms after a halt. A halt that the proof does not cover is at most as old as the proof
 * when the decision is taken, and the append that follows takes about as long as the tick took: together they must stay below.
 * A store (or a process) too slow for that does not sign: it could not be stopped in time.
 */
export const SIGN_WITHIN_MS = 90

/** Why a signature was not recorded: its proof is too old, so that it has to be asked for again. */
export const STALE_PROOF = 'the proof that no halt was missed is too old'

/** What the controls in force, and a reduce-only order's own terms, have against a signature now; undefined when nothing. */
export const signingBlock = (state: Subject, control: SigningControl | undefined, ref: string): string | undefined => {
  if (control && control.ageMs + control.tripMs > SIGN_WITHIN_MS) return STALE_PROOF
  const barred = control ? controlBlock(state, control, ref) : undefined
  return barred ?? (isFunding(ref) || stillReduces(state, Number(ref)) ? undefined : NOT_REDUCING)
}

const controlBlock = (state: Subject, { scope, state: control, also }: EffectiveControl, ref: string): string | undefined => {
  if (control === 'ACTIVE') return undefined
  if (control !== 'REDUCING' || !(isFunding(ref) || isExitOrder(state, Number(ref), scope))) return `${scope} is ${control}`
  return also && controlBlock(state, also, ref)
}

/** A reduce-only order whose position has shrunk below it meanwhile: it may not turn the position round. */
export const NOT_REDUCING = 'the order would not only reduce the position any more'

const stillReduces = (state: Subject, number: number): boolean => {
  const order = state.orders.get(number)
  return !order?.reduceOnly || isExitOrder(state, number, 'account')
}

/** Deposits, withdrawals and set-up move no position. */
const isFunding = (ref: string): boolean => !/^\d+$/.test(ref)

/** A strategy's control looks at the strategy's position, every other one at the account's. */
export const ofStrategy = (scope: string, strategyId: string | null): string | null => (isStrategyScope(scope) ? strategyId : null)

const isExitOrder = (state: Subject, number: number, scope: string): boolean => {
  const order = state.orders.get(number)
  if (!order) return false
  const { symbol, baseDecimals } = order.instrument
  return isExit(state, {
    number,
    symbol,
    side: order.side,
    most: mostBase(order),
    baseDecimals,
    strategyId: ofStrategy(scope, order.strategyId),
  })
}
