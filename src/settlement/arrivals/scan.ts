import type { Asset } from '../../events/reference/reference-event.ts'
import type { ChainTransaction, SignatureOf } from '../../rpc/chain.ts'
import { bookIfLate } from '../actions/late.ts'
import { issue, type Settling } from '../actions/settling.ts'
import type { Cursor } from '../work/cursors.ts'

/** An address of an account that money may come to: a token account of its wallet, or the wallet itself for native SOL. */
export interface Inbox {
  readonly accountId: string
  readonly address: string
  readonly asset: Asset
  readonly native: boolean
}

export type Scanned =
  /** Everything up to this cursor is booked or was none of ours to book. */
  | { readonly kind: 'read'; readonly cursor: Cursor; readonly found: number }
  /** Broken off: the chain or the store is away. What was read before is told. */
  | { readonly kind: 'broken_off'; readonly cursor: Cursor; readonly detail: string }

/** Signatures of transactions that are ours: their effects are booked by their own attempts. A hint that saves asking the chain for them. */
export const createOurs = (): Settling['ours'] => {
  const newest = new Set<string>()
  return {
    add: (signature) => {
      newest.add(signature)
      if (newest.size > OURS_KEPT) newest.delete(newest.values().next().value!)
    },
    has: (signature) => newest.has(signature),
    drop: (signature) => void newest.delete(signature),
  }
}

const OURS_KEPT = 20_000
/** getSignaturesForAddress answers with a thousand. */
const PAGE = 1_000
/** 200,000 signatures: some weeks of a busy wallet, should its cursor be lost. */
const MOST_PAGES = 200

/**
 * Reads the finalised history of an address from its cursor on and books what came unasked, oldest first: the account knows old
 * transfers by the slot up to which all are booked. A transaction that our fee payer paid for is ours: its attempt
 * books it, but for one whose end had been proven before it landed.
 */
export const scanInbox = async (settling: Settling, inbox: Inbox, from: Cursor, amount: bigint): Promise<Scanned> => {
  const listed = await listSince(settling, from)
  if ('detail' in listed) return { kind: 'broken_off', cursor: from, detail: listed.detail }
  let cursor = from
  for (const each of listed) {
    const outcome = each.failed || settling.ours.has(each.signature) ? 'done' : await bookOne(settling, inbox, each)
    if (outcome !== 'done') return { kind: 'broken_off', cursor, detail: outcome }
    // The old amount until all is read: an interrupted scan is taken up again.
    cursor = { address: from.address, signature: each.signature, slot: each.slot, amount: from.amount }
  }
  // Nothing new although the amount is: the node that lists is behind the one that counted. It is asked again.
  return { kind: 'read', cursor: listed.length === 0 ? cursor : { ...cursor, amount }, found: listed.length }
}

/** Oldest first. */
const listSince = async (
  { deps }: Settling,
  { address, signature, slot }: Cursor,
): Promise<SignatureOf[] | { readonly detail: string }> => {
  const newestFirst: SignatureOf[] = []
  const until = signature === '' ? undefined : signature
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await deps.chain.signaturesOf(address, { before: newestFirst.at(-1)?.signature, until, limit: PAGE })
    if (!answer.ok) return { detail: answer.error.detail }
    // A node that does not know the cursor's signature tells the whole past.
    const fresh = answer.value.filter((each) => each.slot >= slot && each.signature !== signature)
    newestFirst.push(...fresh)
    if (answer.value.length < PAGE || fresh.length < answer.value.length) return newestFirst.reverse()
  }
  return { detail: `more than ${MOST_PAGES * PAGE} transactions since the cursor` }
}

const bookOne = async (settling: Settling, inbox: Inbox, { signature, slot }: SignatureOf): Promise<'done' | string> => {
  const { deps, feePayer } = settling
  const answer = await deps.chain.transaction(signature)
  if (!answer.ok) return answer.error.detail
  if (!answer.value) return `the node that answered has no ${signature}`
  if (answer.value.feePayer === feePayer.signer.publicKey) return bookIfLate(settling, inbox.accountId, signature, answer.value)
  const amount = amountFor(inbox, answer.value)
  if (amount <= 0n) return 'done'
  const { accountId, address: tokenAccount, asset } = inbox
  const as = { accountId, ref: `unrequested-${signature}`, commandId: `credit-${tokenAccount}-${signature}` }
  const issued = await issue(settling, { type: 'BookUnrequestedCredit', signature, slot, tokenAccount, asset, amount }, as)
  if (issued.kind === 'unanswered') return issued.detail
  if (issued.kind === 'applied')
    deps.log.info({ accountId, asset: asset.asset, amount: amount.toString(), signature }, 'money came unasked')
  return 'done'
}

const amountFor = ({ address, asset, native }: Inbox, { deltas, lamports }: ChainTransaction): bigint =>
  native
    ? lamports.reduce((sum, each) => (each.address === address ? sum + each.amount : sum), 0n)
    : deltas.reduce((sum, each) => (each.tokenAccount === address && each.mint === asset.mint ? sum + BigInt(each.amount) : sum), 0n)
