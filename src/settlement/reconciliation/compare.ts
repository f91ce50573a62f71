import type { AccountState } from '../../commands/account/state.ts'
import { walletHolding } from '../../commands/ledger/wallet-holding.ts'
import { inFlight } from '../../commands/transaction/attempt-state.ts'
import type { Asset } from '../../events/reference/reference-event.ts'
import { tokenAccountOf, tokenAmount } from '../../rpc/account-reads.ts'
import type { Settling } from '../actions/settling.ts'
import type { WatchedWallet } from '../work/cursors.ts'

/** One balance of one wallet: what the ledger says that it holds at a finalised slot, and what it holds there. */
export interface Compared {
  readonly wallet: WatchedWallet
  readonly asset: Asset
  readonly address: string
  readonly ledger: bigint
  readonly chain: bigint
  readonly slot: number
  readonly kind: 'equal' | 'in_flight' | 'differs'
  /** The account has a divergence of the asset on record. */
  readonly onRecord: boolean
}

/** getMultipleAccounts takes a hundred addresses, and one answer is of one slot. */
const ADDRESSES_A_CALL = 100

/** How many wallets one call reads. */
export const walletsPerCall = (assets: readonly Asset[]): number => Math.max(1, Math.floor(ADDRESSES_A_CALL / Math.max(1, assets.length)))

/**
 * Compares wallets (at most `walletsPerCall`) with their accounts' folds by one read at `finalized`. The folds are read after the chain:
 * what was booked in between is known by its slot. Undefined: the chain does not answer.
 */
export const compareWallets = async (
  { deps }: Settling,
  wallets: readonly WatchedWallet[],
  assets: readonly Asset[],
): Promise<readonly Compared[] | undefined> => {
  const rows = wallets.flatMap((wallet) =>
    assets.map((asset) => ({ wallet, asset, address: tokenAccountOf({ owner: wallet.publicKey, mint: asset.mint }).toBase58() })),
  )
  const answer = await deps.chain.finalizedAccounts(rows.map(({ address }) => address))
  if (!answer.ok) {
    deps.log.warn({ error: answer.error }, 'wallets could not be compared with the ledger')
    return undefined
  }
  const { slot, accounts } = answer.value
  const states = new Map(
    await Promise.all(wallets.map(async ({ accountId }) => [accountId, await deps.handler.load(accountId, { fresh: true })] as const)),
  )
  return rows.map((row, i) => compared(row, states.get(row.wallet.accountId)!, tokenAmount(accounts[i]), slot))
}

const compared = (row: Pick<Compared, 'wallet' | 'asset' | 'address'>, state: AccountState, chain: bigint, slot: number): Compared => {
  const ledger = walletHolding(state, row.asset.asset, slot)
  const kind = chain === ledger ? 'equal' : inFlight(state) ? 'in_flight' : 'differs'
  return { ...row, ledger, chain, slot, kind, onRecord: state.divergences.has(row.asset.asset) }
}
