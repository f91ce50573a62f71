import type { Breach } from './control-check.ts'

/**
 * Open orders an account may hold. An open order takes about 230 bytes of a snapshot, so 500 take 115 KB and leave more than
 * half of the 256 KiB for closed and rejected ids; a trader with more resting orders spreads them over accounts.
 */
export const MAX_OPEN_ORDERS = 500

/** Why one more order would be too many; undefined when there is room. */
export const openOrdersBreach = (openOrders: number): Breach | undefined =>
  openOrders < MAX_OPEN_ORDERS
    ? undefined
    : {
        code: 'limit_breached',
        text: `at most ${MAX_OPEN_ORDERS} open orders`,
        why: { rule: 'open_orders', limit: String(MAX_OPEN_ORDERS), value: String(openOrders + 1) },
      }
