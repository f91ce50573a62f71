import type { EffectiveControl } from '../../events/controls.ts'
import { isExit, mostBase } from './exits.ts'
import type { Subject } from './risk-state.ts'

/** The control in force, and how old the proof is (ms) that no stricter one was missed. */
export type SigningControl = EffectiveControl & { readonly ageMs: number }

/**
 * A signer proves by a tick that it has missed no halt before it signs when its last proof is older than this. With the time of one
 * append this keeps the last signature within 100 ms of a halt, however the signer's subscription fares.
 */
export const PROOF_MAX_AGE_MS = 40
/** A decision that comes later than this after the proof (a full mailbox, a slow store) is not to sign: 30 ms are left for the append. */
export const SIGN_MAX_AGE_MS = 70

/** Why a signature was not recorded: its proof is too old, so that it has to be asked for again. */
export const STALE_PROOF = 'the proof that no halt was missed is too old'

/** What the controls in force have against a signature now; undefined when nothing. */
export const signingBlock = (state: Subject, control: SigningControl | undefined, ref: string): string | undefined => {
  if (!control) return undefined
  if (control.ageMs > SIGN_MAX_AGE_MS) return STALE_PROOF
  if (control.state === 'ACTIVE') return isFunding(ref) || stillReduces(state, Number(ref)) ? undefined : NOT_REDUCING
  return control.state === 'REDUCING' && (isFunding(ref) || isExitOrder(state, Number(ref), control.scope))
    ? undefined
    : `${control.scope} is ${control.state}`
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
export const ofStrategy = (scope: string, strategyId: string | null): string | null => (scope.startsWith('strategy:') ? strategyId : null)

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
