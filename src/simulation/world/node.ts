import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { Registry } from 'prom-client'
import type { AccountHandler } from '../../commands/handler/account-handler.ts'
import type { Packing } from '../../commands/handler/packing.ts'
import { startCommandsRole } from '../../commands/role.ts'
import { followInstruments } from '../../events/instruments.ts'
import { followRules } from '../../events/rules.ts'
import { createHealthBoard } from '../../platform/health.ts'
import type { Route } from '../../platform/http/route.ts'
import type { Logger } from '../../platform/log.ts'
import { createQuotes } from '../../rpc/venue/quotes.ts'
import type { Keystore } from '../../settlement/keystore/keystore.ts'
import type { Signer } from '../../settlement/keystore/signer.ts'
import { startSettlementRole } from '../../settlement/role.ts'
import { chainPort } from '../chain/chain-port.ts'
import { venuePort } from '../chain/venue-port.ts'
import type { Machine } from '../kernel/machine.ts'
import { coordinationPort } from '../store/coordination.ts'
import { storePort } from '../store/store-port.ts'
import type { Ground } from './ground.ts'

/** One simulated process of the product: the write side with its routes, and settlement, wired as the real one wires them. */
export interface Node {
  readonly machine: Machine
  readonly routes: readonly Route[]
  readonly handler: AccountHandler
}

export interface NodeOptions {
  readonly ground: Ground
  readonly machine: Machine
  readonly keystore: Keystore
  readonly faucet: Signer
  readonly log: Logger
}

/** Packs in the same turn: threads would answer when they like. */
const AT_ONCE: Packing = { deflate: async (bytes) => deflateRawSync(bytes, { level: 1 }), inflate: async (bytes) => inflateRawSync(bytes) }
/** Histories are short here: snapshots come early, or none would be tested. */
const SNAPSHOTS = { every: 12n, accounts: 50 }

/** Half as old as a price may be: polls are a tenth of all steps. */
const PRICE_POLL_MS = 1_000

/** Oftener than in production: a seed is over within a minute. */
const ARRIVALS_MS = 3_000

/** Starts the roles on the simulated ports. Resolves when the process would tell that it is ready. */
export const startNode = async ({ ground, machine, keystore, faucet, log }: NodeOptions): Promise<Node> => {
  const { timeline, random, buggify, chain, slotMs, nodes } = ground
  const { clock, ids } = machine
  const ports = { machine, timeline, random, buggify }
  const registry = new Registry()
  const health = createHealthBoard()
  const store = storePort({ ...ports, log: ground.log, delivered: ground.delivered, onAppend: () => ground.mayDie(machine, 60) })
  const signal = new AbortController().signal
  const reference = { store, clock, ids, log, signal }
  const [instruments, rules] = await Promise.all([followInstruments(reference), followRules(reference)])
  const shared = { store, clock, ids, log, registry, health, rules, logId: ground.logId }
  const venue = venuePort({ ...ports, chain })
  const quotes = createQuotes({ venue, instruments, clock, log, pollMs: PRICE_POLL_MS })
  const commands = startCommandsRole({ ...shared, instruments, quotes, snapshots: SNAPSHOTS, packing: AT_ONCE })
  startSettlementRole({
    ...shared,
    handler: commands.handler,
    venue,
    quotes,
    instruments,
    keystore,
    faucet,
    slotMs,
    chain: chainPort({ ...ports, chain, nodes, slotMs, nonceSeats: ground.nonceSeats, onSend: ground.onSend }),
    coordination: coordinationPort({ ...ports, tables: ground.tables, arrivals: ground.arrivals }),
    arrivalsMs: ARRIVALS_MS,
    durableNonces: ground.nonceSeats.size > 0 ? 'all' : 'off',
  })
  return { machine, routes: commands.routes, handler: commands.handler }
}
