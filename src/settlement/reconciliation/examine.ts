import type { AccountState } from '../../commands/account/state.ts'
import { bookAllLate } from '../actions/late.ts'
import { issue, type Settling } from '../actions/settling.ts'
import { scanInbox } from '../arrivals/scan.ts'
import { restrain } from '../restrain.ts'
import type { Cursors } from '../work/cursors.ts'
import type { Compared } from './compare.ts'

/** What became of a difference after a closer look. */
export type Examined = 'diverged' | 'explained' | 'again'

/** A difference must be seen this often, each time at a newer finalised slot, before it counts: bookings follow the chain by moments. */
const LOOKS = 3
/** And for this long, twice the way to finality: a node may answer with what came after the slot that it names. */
const STEADY_SLOTS = 64

/** Differences seen so far, by account and asset. A hint: lost with the process. */
export type Suspects = Map<string, { readonly difference: bigint; readonly since: number; readonly slot: number; readonly looks: number }>

/**
 * A difference that nothing in the account's fold explains. First the chain is asked: what came unasked is in the wallet's history, what
 * landed late among the attempts that were taken to be expired; both are booked by that. What stays is put on record by the account itself, and the account stands still by policy. Equal again: the record ends.
 */
export const examine = async (settling: Settling, cursors: Cursors, suspects: Suspects, row: Compared): Promise<Examined> => {
  const key = `${row.wallet.accountId}|${row.asset.asset}`
  const difference = row.chain - row.ledger
  const before = suspects.get(key)
  if (row.kind === 'equal') {
    suspects.delete(key)
    if (row.onRecord) await record(settling, row)
    return 'explained'
  }
  if (before?.difference !== difference) {
    suspects.set(key, { difference, since: row.slot, slot: row.slot, looks: 1 })
    await readHistory(settling, cursors, row)
    return 'again'
  }
  const looks = row.slot > before.slot ? before.looks + 1 : before.looks
  suspects.set(key, { ...before, slot: Math.max(row.slot, before.slot), looks })
  if (looks === 2 && row.slot > before.slot) await bookAllLate(settling, row.wallet.accountId)
  const steady = looks >= LOOKS && row.slot - before.since >= STEADY_SLOTS
  if (!steady || (await isInTransit(settling, cursors, row))) return 'again'
  return record(settling, row)
}

const record = async (settling: Settling, { wallet, asset, chain, slot }: Compared): Promise<Examined> => {
  const { accountId } = wallet
  const as = { accountId, ref: 'reconciliation', commandId: `compare-${asset.asset}-${slot}` }
  const issued = await issue(settling, { type: 'CompareWithChain', asset: asset.asset, chain, slot }, as)
  if (issued.kind === 'unanswered') return 'again'
  const state = issued.kind === 'applied' ? issued.state : await settling.deps.handler.load(accountId)
  return (await keepStill(settling, accountId, state, asset.asset)) ? 'diverged' : 'again'
}

/**
 * The account stands still from the record on where money is missing; a resume by people after it holds. More than there should be harms
 * nobody, and whoever may send it there must not be able to stop an account. False: nothing is on record, or it could not be told.
 */
const keepStill = async (settling: Settling, accountId: string, state: AccountState, asset: string): Promise<boolean> => {
  const open = state.divergences.get(asset)
  if (!open) return false
  const { divergenceId, ledger, chain, at } = open
  if (chain > ledger) return true
  return (await restrain(settling, accountId, `divergence ${divergenceId}: ledger ${ledger}, chain ${chain}`, at)) === 'done'
}

const readHistory = async (settling: Settling, cursors: Cursors, { wallet, asset, address, chain }: Compared): Promise<void> => {
  const known = await cursors.load([address])
  const cursor = known.get(address) ?? { address, signature: '', slot: 0, amount: 0n }
  const scanned = await scanInbox(settling, { accountId: wallet.accountId, address, asset, native: false }, cursor, chain)
  if (scanned.cursor !== cursor) await cursors.save(scanned.cursor)
}

/** Another account's transfer has reached the wallet, and is booked here once it is final and delivered. */
const isInTransit = async ({ deps }: Settling, cursors: Cursors, { wallet, asset }: Compared): Promise<boolean> => {
  for (const accountId of await cursors.openAccounts(MOST_OPEN)) {
    const { payouts } = await deps.handler.load(accountId)
    if (
      payouts.some(
        (payout) =>
          payout.kind === 'transfer' && payout.status === 'sent' && payout.to === wallet.accountId && payout.asset === asset.asset,
      )
    )
      return true
  }
  return false
}

/** Accounts with open work that are asked for transfers under way; a deployment that has more of them waits until it is quieter. */
const MOST_OPEN = 1_000
