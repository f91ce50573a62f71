import type { AccountHandler } from '../commands/handler/account-handler.ts'
import type { InstrumentBook } from '../events/instruments.ts'
import type { Rules } from '../events/rules.ts'
import type { EventStore } from '../events/store/event-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { HealthBoard } from '../platform/health.ts'
import type { Ids } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { Registry } from '../platform/metrics.ts'
import type { Chain } from '../rpc/chain.ts'
import type { PriceBounds } from '../rpc/fees/price-levels.ts'
import type { Sender } from '../rpc/send/sender.ts'
import type { Quotes } from '../rpc/venue/quotes.ts'
import type { SwapVenue } from '../rpc/venue/venue.ts'
import type { Keystore } from './keystore/keystore.ts'
import type { Signer } from './keystore/signer.ts'
import type { ReconcilePolicy } from './restrain.ts'
import type { Coordination } from './work/coordination.ts'

/** The ports settlement works through; their owner closes them. */
export interface SettlementDeps {
  readonly store: EventStore
  /** The write side in this process: the one way to change an account. */
  readonly handler: AccountHandler
  readonly chain: Chain
  readonly venue: SwapVenue
  readonly quotes: Quotes
  readonly instruments: InstrumentBook
  /** Controls in force: nothing is signed without a proof that no halt was missed. Without them nothing is halted. */
  readonly rules?: Rules | undefined
  /** Leases and the index of open work; closed with the role. */
  readonly coordination: Coordination
  readonly keystore: Keystore
  /** Mint authority and source of test SOL; undefined on a chain without one. */
  readonly faucet: Signer | undefined
  /** Other ways to the leaders besides the chain's endpoints; their owner closes them. */
  readonly senders?: readonly Sender[]
  /** Bounds of the price per compute unit, micro-lamports. */
  readonly prices?: PriceBounds
  /** Expected time of a slot, ms: how often to look. Nothing is decided by it. */
  readonly slotMs: number
  /** Who lands swaps: ourselves, or the venue where it does. */
  readonly execution?: 'own' | 'managed'
  /** Which swaps live by durable nonces instead of blockhashes: none, those that somebody else signs too, or all. */
  readonly durableNonces?: 'off' | 'cosigned' | 'all'
  /** Between two looks for money that came to wallets unasked, ms. */
  readonly arrivalsMs?: number
  /** Between two looks of the reconciliation, ms. */
  readonly reconcileMs?: number
  /** What becomes of an account that the chain contradicts; `halt` where nothing is given. */
  readonly reconcilePolicy?: ReconcilePolicy
  readonly logId: string
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly registry: Registry
  readonly health: HealthBoard
}
