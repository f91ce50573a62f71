import type { Asset } from '../../events/reference/reference-event.ts'

/** Commands that move funds out of the account, and those of another account's transfer that arrives. */
export type PayoutCommand =
  | {
      readonly type: 'RequestWithdrawal'
      readonly withdrawalId: string
      readonly asset: Asset
      readonly amount: bigint
      /** Owner address, base58. */
      readonly destination: string
    }
  | { readonly type: 'ConfirmWithdrawal'; readonly withdrawalId: string }
  | { readonly type: 'CancelWithdrawal'; readonly withdrawalId: string }
  | { readonly type: 'RequestTransfer'; readonly transferId: string; readonly asset: Asset; readonly amount: bigint; readonly to: string }
  /** Settlement's: it cannot be sent. */
  | { readonly type: 'FailPayout'; readonly ref: string; readonly reason: string }
  | {
      readonly type: 'ReceiveTransfer'
      readonly transferId: string
      readonly from: string
      readonly asset: string
      readonly amount: bigint
      readonly signature: string
    }
  | { readonly type: 'CompleteTransfer'; readonly transferId: string }
