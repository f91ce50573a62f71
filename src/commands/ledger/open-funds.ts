import type { Map as ImmutableMap } from 'immutable'
import type { DepositState } from './deposit.ts'
import type { PayoutState } from './payout.ts'

/**
 * Deposits that an account may have asked for and that are not final, and of withdrawals and transfers together. Each waits in the fold, its
 * snapshot and the agenda, as an order does, for seconds when all goes well; people and bots that have a hundred under way ask faster than
 * any chain settles. Money on its way in can't hold up money on its way out: they are counted apart.
 */
export const MAX_OPEN_DEPOSITS = 100
export const MAX_OPEN_PAYOUTS = 100

interface Funds {
  readonly deposits: ImmutableMap<string, DepositState>
  readonly payouts: ImmutableMap<string, PayoutState>
}

/** Why one more deposit would be too many. What came unrequested is not counted: nobody may fill an account's room by sending it dust. */
export const tooManyDeposits = ({ deposits }: Funds): string | undefined =>
  deposits.count(({ source }) => source === 'faucet') < MAX_OPEN_DEPOSITS
    ? undefined
    : `${MAX_OPEN_DEPOSITS} deposits of the account are under way`

/** Why one more withdrawal or transfer would be too many. */
export const tooManyPayouts = ({ payouts }: Funds): string | undefined =>
  payouts.size < MAX_OPEN_PAYOUTS ? undefined : `${MAX_OPEN_PAYOUTS} withdrawals and transfers of the account are under way`
