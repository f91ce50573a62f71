import bs58 from 'bs58'
import type { AccountState } from '../../commands/account/state.ts'
import { depositIdOf } from '../../commands/ledger/deposit.ts'
import { transferRef, withdrawalRef } from '../../commands/ledger/payout.ts'
import type { AccountEvent } from '../../events/account/account-event.ts'
import { decodeAccountEvent } from '../../events/decode.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { parseAccountStream } from '../../events/streams.ts'
import type { BlockChain } from '../chain/block-chain.ts'
import type { Violations } from './violations.ts'

/** Holds the chain against the log: only what is signed in the log is sent, and no intent is executed twice. */
export interface ChainCheck {
  /** Events of one append to an account's stream. */
  noted(events: readonly RecordedEvent[]): void
  /** Bytes leave a process. */
  sent(wire: Uint8Array): void
  /** A transaction has landed or was taken back by a fork. */
  news(signature: string): void
}

interface Intent {
  readonly accountId: string
  readonly ref: string
}

/** What may be executed for an intent at most, and in which of the wallet's tokens it shows. */
interface Bound {
  readonly mint: string
  readonly most: bigint
}

export const createChainCheck = (
  chain: BlockChain,
  stateOf: (accountId: string) => AccountState | undefined,
  violations: Violations,
): ChainCheck => {
  const intents = new Map<string, Intent>()
  const signatures = new Map<string, string[]>()
  const bounds = new Map<string, Bound>()
  const wallets = new Map<string, string>()
  const keyOf = ({ accountId, ref }: Intent): string => `${accountId}.${ref}`

  const note = (accountId: string, recorded: RecordedEvent): void => {
    if (!LOOKED_AT.has(recorded.type)) return
    const event = decodeAccountEvent(recorded)
    boundPayout(accountId, event)
    if (event.type === 'WalletAssigned') wallets.set(accountId, event.data.publicKey)
    if (event.type === 'TransactionSigned') {
      const intent = { accountId, ref: event.data.ref }
      intents.set(event.data.signature, intent)
      signatures.set(keyOf(intent), [...(signatures.get(keyOf(intent)) ?? []), event.data.signature])
    }
    if (event.type === 'OrderAccepted') {
      const { orderId, orderQty, cashOrderQty, instrument } = event.data
      const mint = orderQty === null ? instrument.quoteMint : instrument.baseMint
      bounds.set(orderId, { mint, most: BigInt(orderQty ?? cashOrderQty ?? 0) })
    }
    if (event.type === 'FundsDepositRequested')
      bounds.set(`${accountId}.d-${event.data.depositId}`, { mint: event.data.mint, most: BigInt(event.data.amount) })
  }
  const boundPayout = (accountId: string, event: AccountEvent): void => {
    if (event.type === 'FundsWithdrawalRequested')
      bounds.set(`${accountId}.${withdrawalRef(event.data.withdrawalId)}`, { mint: event.data.mint, most: BigInt(event.data.amount) })
    if (event.type === 'FundsTransferRequested')
      bounds.set(`${accountId}.${transferRef(event.data.transferId)}`, { mint: event.data.mint, most: BigInt(event.data.amount) })
  }
  const moved = (intent: Intent, mint: string): bigint => {
    let sum = 0n
    for (const signature of signatures.get(keyOf(intent)) ?? [])
      for (const delta of chain.find(signature)?.execution.deltas ?? [])
        if (delta.mint === mint && delta.owner === wallets.get(intent.accountId)) sum += BigInt(delta.amount)
    return sum < 0n ? -sum : sum
  }
  /** A replaced order may be larger than it was. */
  const boundOf = (intent: Intent): Bound | undefined => {
    const known = bounds.get(keyOf(intent))
    const order = depositIdOf(intent.ref) === undefined ? stateOf(intent.accountId)?.orders.get(Number(intent.ref)) : undefined
    return known && order ? { ...known, most: order.orderQty ?? order.cashOrderQty ?? known.most } : known
  }

  return {
    noted: (events) => {
      const accountId = parseAccountStream(events[0]!.streamId)?.accountId
      if (accountId !== undefined) for (const event of events) note(accountId, event)
    },
    sent: (wire) => {
      const signature = bs58.encode(wire.subarray(1, 65))
      if (!intents.has(signature)) violations.add('doubled', `${signature.slice(0, 8)} was sent and is not in the log`)
    },
    news: (signature) => {
      const intent = intents.get(signature)
      if (chain.isGift(signature)) return
      if (!intent) return violations.add('other', `${signature.slice(0, 8)} landed and is not in the log`)
      const bound = boundOf(intent)
      if (!bound) return
      const sum = moved(intent, bound.mint)
      if (sum > bound.most) violations.add('doubled', `${keyOf(intent)} was executed for ${sum} of ${bound.most} on the chain`)
    },
  }
}

/** Only these are decoded. */
const LOOKED_AT: ReadonlySet<string> = new Set<AccountEvent['type']>([
  ...(['WalletAssigned', 'TransactionSigned', 'OrderAccepted'] as const),
  ...(['FundsDepositRequested', 'FundsWithdrawalRequested', 'FundsTransferRequested'] as const),
])
