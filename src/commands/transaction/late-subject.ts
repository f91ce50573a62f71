import type { DataOf } from '../../events/account/account-event.ts'
import type { InstrumentTerms, Side } from '../../events/fields.ts'

/** What a late transaction was signed for, as its first event tells: the fold may have let go of it. */
export type LateSubject =
  | {
      readonly kind: 'order'
      readonly orderId: string
      readonly clOrdId: string
      readonly side: Side
      readonly strategyId: string | null
      readonly instrument: InstrumentTerms
    }
  | LateFunds<'deposit'>
  | LateFunds<'withdrawal'>
  | LateFunds<'transfer'>
  /** Set-up: its cost is all there is. */
  | { readonly kind: 'setup' }

interface LateFunds<Kind> {
  readonly kind: Kind
  readonly id: string
  readonly asset: string
  readonly mint: string
}

/** A transaction of ours that is final on the chain and that the account has taken to be over, or done by another one. */
export type LateLanding = { readonly type: 'BookLate'; readonly subject: LateSubject } & Omit<
  DataOf<'TransactionLandedLate'>,
  'at' | 'contradicts'
>
