import { orderIdOf } from '../../events/streams.ts'
import { algoOfOrder, balancesKey, documentKey, executionKey, orderKey, type ToldModel } from '../document-keys.ts'
import type { AccountFact } from '../projection.ts'
import { algoIdOf, algosTable } from '../read-models/algos.ts'
import { correctionIdOf, correctionsTable } from '../read-models/corrections.ts'
import { executionsTable, isTrade } from '../read-models/executions.ts'
import { orderNumberOf, ordersTable, rareFactsOf } from '../read-models/orders.ts'
import { payoutRefsOf, payoutsTable } from '../read-models/payouts.ts'
import { positionsTable } from '../read-models/positions.ts'
import type { RowSets } from '../rows/rows.ts'

/** The documents that a batch changed beside the cached ones: only told of, and read by whoever follows them. */
export const toldKeys = (rows: Pick<RowSets, 'of'>): readonly string[] => {
  const keys = new Set<string>()
  for (const { accountId, symbol } of rows.of(positionsTable).changed()) keys.add(documentKey('positions', accountId, symbol))
  for (const { execId } of rows.of(executionsTable).changed()) keys.add(executionKey(execId))
  for (const { accountId, ref } of rows.of(payoutsTable).changed()) keys.add(documentKey(payoutModel(ref), accountId, ref))
  for (const { accountId, algoId } of rows.of(algosTable).changed()) keys.add(documentKey('algos', accountId, algoId))
  // what an algo has executed is the sum of its orders
  for (const row of rows.of(ordersTable).changed()) {
    const algo = row.rare === null ? null : rareFactsOf(row).algo
    if (algo) keys.add(documentKey('algos', row.accountId, algo.algoId))
  }
  for (const { accountId, correctionId } of rows.of(correctionsTable).changed())
    keys.add(documentKey('corrections', accountId, correctionId))
  return [...keys]
}

/** The documents that an event changes, or may change: for whoever missed what was told, and has only the log. */
export const keysOfEvent = (fact: AccountFact): readonly string[] => {
  const { event, accountId } = fact
  // every event of an account may have moved a balance
  const keys = [balancesKey(accountId)]
  const order = orderNumberOf(fact)
  if (order !== undefined) keys.push(orderKey(orderIdOf(accountId, Number(order))))
  const algoId = algoIdOf(fact)
  if (algoId !== undefined) keys.push(documentKey('algos', accountId, algoId))
  else if (order !== undefined) keys.push(documentKey('algos', accountId, algoOfOrder(order)))
  if (isTrade(event)) {
    keys.push(documentKey('positions', accountId, event.data.symbol), executionKey(event.data.execId))
    if (event.type === 'TradeCanceled') keys.push(executionKey(event.data.execRefId))
  }
  for (const ref of payoutRefsOf(fact)) keys.push(documentKey(payoutModel(ref), accountId, ref))
  const correctionId = correctionIdOf(fact)
  if (correctionId !== undefined) keys.push(documentKey('corrections', accountId, correctionId))
  return keys
}

const payoutModel = (ref: string): ToldModel => (ref.startsWith('w-') ? 'withdrawals' : 'transfers')
