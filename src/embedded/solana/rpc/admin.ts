import { findPool, repriced, reservesOf, symbolOf } from '../pool-price.ts'
import type { Methods } from './json-rpc.ts'
import { config, integer, invalid } from './params.ts'
import type { View } from './view.ts'

/**
 * Methods that only a local chain has, for tests and demonstrations:
 *
 * - `quantbot_setPoolPrice {symbol | pool, price}` moves a pool to a price (quote per base, decimal string) at unchanged depth; durable.
 * - `quantbot_setEndpoint {lagSlots?, latencyMs?, unhealthy?, dropSends?}` gives this endpoint faults; gone with the process.
 */
export const adminMethods = (view: View): Methods => ({
  quantbot_setPoolPrice: ([given]) => {
    const { pool: address, symbol, price } = config(given)
    const name = symbol ?? address
    const pool = typeof name === 'string' ? findPool(name) : undefined
    if (!pool) throw invalid('no such pool')
    const { accounts } = view.ledger
    const changes = typeof price === 'string' ? repriced(accounts, pool, price) : undefined
    if (!changes) throw invalid('expected a price: a decimal string above zero, within the range of the pool')
    view.ledger.overwrite(changes, `price of ${symbolOf(pool)} to ${String(price)}`)
    const { base, quote } = reservesOf(accounts, pool)
    return view.answer('processed', { pool: pool.address.toBase58(), baseReserve: String(base), quoteReserve: String(quote) })
  },
  quantbot_setEndpoint: ([given]) => {
    const { lagSlots, latencyMs, unhealthy, dropSends } = config(given)
    const { faults } = view
    if (lagSlots !== undefined) faults.lagSlots = integer(lagSlots, 'a number of slots')
    if (latencyMs !== undefined) faults.latencyMs = integer(latencyMs, 'milliseconds')
    if (typeof unhealthy === 'boolean') faults.unhealthy = unhealthy
    if (typeof dropSends === 'boolean') faults.dropSends = dropSends
    return { ...faults }
  },
})
