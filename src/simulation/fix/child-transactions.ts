import type { OrderState } from '../../commands/order/order-state.ts'
import { type AttemptState, openAttempts } from '../../commands/transaction/attempt-state.ts'
import { ACCOUNT, type Desk } from './desk.ts'
import { BASE, QUOTE, WALLET } from './terms.ts'

/** The venue's side of an order: its child transactions. Everything goes through the commands that settlement gives. */
export interface ChildTransactions {
  /** Leaves a transaction that failed on the chain: until the next one is signed a fork may make it open again. */
  fail(number: number): void
  /**
   * Two open transactions where none is: one for a fill, one that keeps what is pending waiting after it. Never signed beside each other:
   * the first lands with the least there is, the second is for the rest, and a fork takes the first back.
   */
  openWindow(number: number): void
  /** A transaction that may bring a fill now, and its attempt number. @throws when there can be none */
  toLand(number: number): AttemptState
  /** Lands it with a fill. */
  land(attempt: AttemptState, order: OrderState, qty: bigint, quote: bigint): void
  /** All open ones are proven never to land. */
  expireAll(number: number): void
  /** Takes a landed or failed one off the chain; false when the decider does not take it. */
  vanish(number: number, attempt: number): boolean
}

export const childTransactions = (desk: Desk): ChildTransactions => {
  const ofOrder = (number: number): readonly AttemptState[] =>
    [...desk.state().attempts.values(), ...desk.state().earlier.values()].filter(({ ref }) => ref === String(number))
  const open = (number: number) => openAttempts(desk.state()).filter(({ ref }) => ref === String(number))
  const orderOf = (number: number): OrderState | undefined => desk.state().orders.get(number)

  const sign = (number: number): void => {
    const order = orderOf(number)
    if (!order) throw new Error('the order is gone')
    if (!order.executable) {
      const trigger = { price: order.price ?? '1', sourceId: 'fix', time: desk.now() }
      desk.does({ type: 'TriggerOrder', number, trigger })
    }
    finalizeFailures(number)
    const attempt = (desk.state().attempts.get(String(number))?.attempt ?? 0) + 1
    const key = { ref: String(number), attempt, signature: `${ACCOUNT}-${number}-${attempt}` }
    const bytes = { rawBytes: 'AAAA', lastValidBlockHeight: 150, minSlot: 1, quoted: null }
    const { answer } = desk.does({ type: 'RecordSigned', ...key, purpose: 'swap', ...bytes })
    if (answer.kind !== 'done') throw new Error(`nothing can be signed: ${answer.kind === 'ignored' ? answer.reason : answer.kind}`)
  }

  /** Nothing more is signed as long as a failure may still become a success. */
  const finalizeFailures = (number: number): void => {
    const transactions = ofOrder(number).flatMap((attempt) =>
      attempt.phase === 'failed' && !attempt.final ? [{ ...keyOf(attempt), generation: attempt.generation }] : [],
    )
    if (transactions.length > 0) desk.does({ type: 'BookFinalized', transactions, slot: SLOT })
  }

  const fail = (number: number): void => {
    sign(number)
    const [attempt] = open(number)
    if (attempt) desk.does({ type: 'BookFailed', ...keyOf(attempt), slot: SLOT, fee: '0', priorityFee: '0', error: SLIPPAGE })
  }

  const land = (attempt: AttemptState, order: OrderState, qty: bigint, quote: bigint): void => {
    const [base, paid] = order.side === 'buy' ? [qty, -quote] : [-qty, quote]
    const deltas = [
      { tokenAccount: 'base', owner: WALLET, mint: BASE.mint, amount: base.toString() },
      { tokenAccount: 'quote', owner: WALLET, mint: QUOTE.mint, amount: paid.toString() },
    ]
    desk.does({ type: 'BookLanded', ...keyOf(attempt), slot: SLOT, fee: '0', priorityFee: '0', tip: '0', rent: '0', deltas })
  }

  const vanish = (number: number, attempt: number): boolean => {
    const known = ofOrder(number).find((each) => each.attempt === attempt)
    const { generation = 1, ...key } = known ? { ...keyOf(known), generation: Math.max(1, known.generation) } : { ...NO_KEY, attempt }
    return desk.does({ type: 'BookVanished', ...key, generation, slot: SLOT }).answer.kind === 'done'
  }

  /** The newest failed transaction. */
  const spare = (number: number): AttemptState | undefined =>
    [...ofOrder(number)].sort((a, b) => b.attempt - a.attempt).find(({ phase, final }) => phase === 'failed' && !final)

  return {
    fail,
    vanish,
    openWindow: (number) => {
      if (open(number).length > 0) return
      sign(number)
      const [first] = open(number)
      if (first) land(first, orderOf(number)!, 1n, 1n)
      sign(number)
      if (first) vanish(number, first.attempt)
    },
    toLand: (number) => {
      const newest = () => [...open(number)].sort((a, b) => b.attempt - a.attempt)[0]
      if (newest()) return newest()!
      const failed = spare(number)
      // an ended order signs nothing any more: only what was signed before can still come
      if (orderOf(number)?.text !== null && failed) vanish(number, failed.attempt)
      else sign(number)
      return newest()!
    },
    land,
    expireAll: (number) => {
      for (const attempt of open(number)) desk.does({ type: 'BookExpired', ...keyOf(attempt), proof: [] })
    },
  }
}

const SLOT = 10
/** The swap program's own word for a price beyond the limit. */
const SLIPPAGE = 'custom:6001'
const NO_KEY = { ref: '0', signature: 'none' }

const keyOf = ({ ref, attempt, signature }: AttemptState) => ({ ref, attempt, signature })
