import type { Projection } from './projection.ts'
import { accounts } from './read-models/accounts.ts'
import { algos } from './read-models/algos.ts'
import { balances } from './read-models/balances.ts'
import { compensations } from './read-models/compensations.ts'
import { corrections } from './read-models/corrections.ts'
import { deposits } from './read-models/deposits.ts'
import { divergences } from './read-models/divergences.ts'
import { executions } from './read-models/executions.ts'
import { instruments } from './read-models/instruments.ts'
import { ledgerEntries } from './read-models/ledger-entries.ts'
import { lotQueues, lots } from './read-models/lots.ts'
import { orderClientIds } from './read-models/order-client-ids.ts'
import { orders } from './read-models/orders.ts'
import { payouts } from './read-models/payouts.ts'
import { positions } from './read-models/positions.ts'
import { tradingFees } from './read-models/trading-fees.ts'
import { transactions } from './read-models/transactions.ts'
import { wallets } from './read-models/wallets.ts'

/** All read models, in the order in which they see an event. Accounts come first, to stop at a gap; compensations last, to see what the others made of it. */
export const READ_MODELS: readonly Projection[] = [
  accounts,
  wallets,
  balances,
  ledgerEntries,
  orders,
  orderClientIds,
  executions,
  positions,
  lotQueues,
  lots,
  algos,
  deposits,
  payouts,
  transactions,
  tradingFees,
  instruments,
  divergences,
  corrections,
  compensations,
]
