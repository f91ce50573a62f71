import type { z } from 'zod'
import * as algo from './algo-events.ts'
import * as deadMan from './dead-man-events.ts'
import * as fee from './fee-events.ts'
import * as funds from './funds-events.ts'
import * as late from './late-events.ts'
import * as ledger from './ledger-events.ts'
import * as limits from './limit-events.ts'
import * as list from './list-events.ts'
import * as order from './order-events.ts'
import * as payout from './payout-events.ts'
import * as repair from './repair-events.ts'
import * as replace from './replace-events.ts'
import * as transaction from './transaction-events.ts'

/** Every event type of an account stream with its newest schema. */
export const ACCOUNT_EVENTS = {
  ...funds,
  ...payout,
  ...fee,
  ...late,
  ...ledger,
  ...order,
  ...limits,
  ...replace,
  ...repair,
  ...list,
  ...deadMan,
  ...withoutPlan(algo),
  ...withoutParts(transaction),
} as const

/** TokenDelta, DurableNonce and Costs are parts of events, not events. */
function withoutParts<T extends Record<'TokenDelta' | 'DurableNonce' | 'Costs', unknown>>(all: T) {
  const { TokenDelta: _delta, DurableNonce: _nonce, Costs: _costs, ...events } = all
  return events
}

/** AlgoPlan is part of an event, not one. */
function withoutPlan<T extends { AlgoPlan: unknown }>(all: T): Omit<T, 'AlgoPlan'> {
  const { AlgoPlan: _part, ...events } = all
  return events
}

export type AccountEventType = keyof typeof ACCOUNT_EVENTS
export type DataOf<T extends AccountEventType> = z.infer<(typeof ACCOUNT_EVENTS)[T]>
/** An event of an account stream as decided: type and data. */
export type AccountEvent = { [T in AccountEventType]: { readonly type: T; readonly data: DataOf<T> } }[AccountEventType]
