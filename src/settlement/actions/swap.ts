import type { AccountState } from '../../commands/account/state.ts'
import { HALTED_TEXT } from '../../commands/limits/control-check.ts'
import { NOT_REDUCING } from '../../commands/limits/signing-block.ts'
import { isImmediate, type OrderState } from '../../commands/order/order-state.ts'
import { awaitingFinality } from '../../commands/transaction/attempt-state.ts'
import { tokenAccountOf } from '../../rpc/account-reads.ts'
import type { BuiltSwap, SwapQuote, VenueError } from '../../rpc/venue/venue.ts'
import type { Action } from '../agenda.ts'
import { type SwapTerms, termsOf } from '../bounds.ts'
import { compose } from '../signing/compose.ts'
import type { Expectation } from '../signing/expected-changes.ts'
import { nonceOf } from '../signing/nonce.ts'
import { barredFrom } from './halted.ts'
import { askManaged } from './managed.ts'
import { type Picked, pickNonce } from './nonce.ts'
import { recordSigned } from './record-signed.ts'
import { AWAY_MS, afterIssue, issue, type Outcome, type Settling, WATCHED, wait } from './settling.ts'

/** Quote → build → simulate → sign → record, for an order that is to be executed now. */
export const attemptSwap = async (
  settling: Settling,
  accountId: string,
  state: AccountState,
  { order, ref, attempt }: Extract<Action, { kind: 'swap' }>,
): Promise<Outcome> => {
  const { deps, feePayer } = settling
  const wallet = deps.keystore.wallet(accountId).signer
  if (wallet.publicKey !== state.wallet?.publicKey) throw new Error(`the keystore is not the one that account ${accountId} was opened with`)
  const barred = barredFrom(settling.deps.rules, state, ref)
  if (barred === NOT_REDUCING) return kill(settling, accountId, order, 'REDUCE_ONLY')
  if (barred !== undefined) return whileBarred(settling, accountId, order)
  if (!feePayer.ready()) return wait(AWAY_MS)
  const terms = termsOf(order)
  if (!terms) return kill(settling, accountId, order, 'EXECUTION_FAILED')

  const managed = await attemptManaged(settling, { accountId, state, order, ref, attempt, terms })
  if (managed) return managed
  const built = await deps.venue.build({ ...terms, taker: wallet.publicKey }, { limit: terms.limit, payer: feePayer.signer.publicKey })
  if (!built.ok) return afterVenueError(settling, accountId, order, built.error)
  const { cosigners } = built.value
  const stranger = foreignSigner(built.value, [wallet.publicKey, feePayer.signer.publicKey, ...cosigners.map((other) => other.publicKey)])
  if (stranger) throw new Error(`the venue asks for a signature of ${stranger}`)

  const picked = livesByNonce(settling, built.value) ? await pickNonce(settling, accountId, state) : NO_NONCE
  if (picked.kind === 'making') return picked.outcome

  const composed = await compose(
    {
      durable: picked.kind === 'nonce' ? picked.use : undefined,
      payer: feePayer.signer,
      instructions: [...built.value.computeBudget, ...built.value.instructions],
      lookupTables: built.value.lookupTables,
      shape: shapeOf(built.value),
      nonce: nonceOf(ref, attempt),
      minSlot: newestSlot(state),
      expect: expectationOf(terms, built.value.quote, wallet.publicKey, feePayer.signer.publicKey),
    },
    settling.composing,
  )
  switch (composed.kind) {
    case 'unavailable':
      deps.log.warn({ accountId, ref, detail: composed.detail }, 'the chain is away; the order waits')
      return wait(AWAY_MS)
    case 'rejected':
      return afterRejection(settling, accountId, order, composed)
    case 'ready':
      settling.rejections.clear(accountId, ref)
      return recordSigned(settling, composed, {
        accountId,
        state,
        ref,
        attempt,
        purpose: 'swap',
        quoted: quotedBy(terms, built.value),
        // The other party signs before we do: a transaction that bears our signature is complete.
        signers: [...cosigners, feePayer.signer, wallet],
      })
    default:
      return composed satisfies never
  }
}

/** An immediate order does not outlive a halt; one that rests waits for its end. */
const whileBarred = (settling: Settling, accountId: string, order: OrderState): Outcome | Promise<Outcome> => {
  if (isImmediate(order)) return kill(settling, accountId, order, HALTED_TEXT)
  settling.halted.add(accountId)
  return WATCHED
}

const NO_NONCE: Picked = { kind: 'none' }

/** Somebody else's signature may take longer than a blockhash lives. */
const livesByNonce = ({ deps }: Settling, { cosigners }: BuiltSwap): boolean =>
  deps.durableNonces === 'all' || (deps.durableNonces === 'cosigned' && cosigners.length > 0)

interface Execution {
  readonly accountId: string
  readonly state: AccountState
  readonly order: OrderState
  readonly ref: string
  readonly attempt: number
  readonly terms: SwapTerms
}

/** The venue builds the transaction and lands it; undefined: that is not wanted, or what it built is not signed, and we do it ourselves. */
const attemptManaged = async (settling: Settling, { accountId, state, ref, attempt, terms }: Execution): Promise<Outcome | undefined> => {
  const { deps, feePayer } = settling
  const { managed } = deps.venue
  if (deps.execution !== 'managed' || !managed) return undefined
  const wallet = deps.keystore.wallet(accountId).signer
  const payer = feePayer.signer.publicKey
  const draft = await askManaged(managed, deps.chain, {
    request: { ...terms, taker: wallet.publicKey },
    limit: terms.limit,
    payer,
    wallet: wallet.publicKey,
    minSlot: newestSlot(state),
    expect: ({ quote }) => expectationOf(terms, quote, wallet.publicKey, payer),
  })
  if (draft.kind === 'refused') {
    settling.managed.refused.inc()
    deps.log.info({ accountId, ref, reason: draft.reason }, 'the venue’s own transaction is not signed')
    return undefined
  }
  return recordSigned(settling, draft.composed, {
    accountId,
    state,
    ref,
    attempt,
    purpose: 'swap',
    venueRequestId: draft.order.requestId,
    quoted: quotedBy(terms, draft.order),
    signers: [feePayer.signer, wallet],
  })
}

/** Its funds may come from a transaction that not every node has seen. */
const newestSlot = (state: AccountState): number => Math.max(0, ...awaitingFinality(state).map((landed) => landed.slot ?? 0))

/** The swap program's own word for a price beyond the limit. */
const SLIPPAGE_ERROR = 'custom:6001'
/** A resting order that was triggered and lost its price again looks once a second, like one that waits for it. */
const PRICE_GONE_MS = 1_000
const NO_ROUTE_MS = 5_000
/** An order that fails in simulation for another reason than its price is looked at this often, then given up. */
const MAX_REJECTIONS = 5

const afterVenueError = (settling: Settling, accountId: string, order: OrderState, error: VenueError): Outcome | Promise<Outcome> => {
  const { log } = settling.deps
  log.info({ accountId, ref: order.number, ...error }, 'no swap from the venue')
  switch (error.kind) {
    case 'unavailable':
      return wait(AWAY_MS)
    case 'no_route':
      return isImmediate(order) ? kill(settling, accountId, order, 'NO_ROUTE') : wait(NO_ROUTE_MS)
    case 'beyond_limit':
      return isImmediate(order) ? kill(settling, accountId, order, beyondText(order)) : wait(PRICE_GONE_MS)
    default:
      return error satisfies never
  }
}

const afterRejection = (
  settling: Settling,
  accountId: string,
  order: OrderState,
  { error, logs }: { readonly error: string; readonly logs: readonly string[] },
): Outcome | Promise<Outcome> => {
  if (error === SLIPPAGE_ERROR) return isImmediate(order) ? kill(settling, accountId, order, beyondText(order)) : wait(PRICE_GONE_MS)
  const ref = String(order.number)
  const count = settling.rejections.add(accountId, ref)
  settling.deps.log.warn({ accountId, ref: order.number, error, logs, count }, 'a swap fails in simulation')
  if (count >= MAX_REJECTIONS && isImmediate(order)) {
    settling.rejections.clear(accountId, ref)
    return kill(settling, accountId, order, 'EXECUTION_FAILED')
  }
  return wait(Math.min(AWAY_MS * 2 ** count, NO_ROUTE_MS))
}

const beyondText = (order: OrderState): string =>
  order.price === null ? 'SLIPPAGE' : order.timeInForce === 'fok' ? 'FOK_PRICE' : 'IOC_PRICE'

const kill = async (settling: Settling, accountId: string, order: OrderState, text: string): Promise<Outcome> => {
  const as = { accountId, ref: String(order.number), commandId: `kill-${order.number}` }
  return afterIssue(settling, await issue(settling, { type: 'KillOrder', number: order.number, text }, as), 'KillOrder', as)
}

/** A venue that wants anybody else's signature, or spends from anybody else, is not what we asked for. */
const foreignSigner = ({ instructions, computeBudget }: BuiltSwap, ours: readonly string[]): string | undefined =>
  [...computeBudget, ...instructions]
    .flatMap(({ keys }) => keys)
    .find(({ isSigner, pubkey }) => isSigner && !ours.includes(pubkey.toBase58()))
    ?.pubkey.toBase58()

/** No more goes in and no less comes out than the order allows, whatever the venue built. */
const expectationOf = (terms: SwapTerms, quote: SwapQuote, wallet: string, payer: string): Expectation => {
  const account = (mint: string) => tokenAccountOf({ owner: wallet, mint }).toBase58()
  const exactIn = terms.mode === 'exact_in'
  const most = exactIn ? terms.amount : smaller(terms.limit, quote.request.mode === 'exact_in' ? quote.inAmount : terms.limit)
  return {
    wallet,
    payer,
    input: { account: account(terms.inputMint), most },
    output: { account: account(terms.outputMint), least: exactIn ? terms.limit : terms.amount },
  }
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)

const shapeOf = ({ quote, instructions }: BuiltSwap): string =>
  [quote.request.mode, quote.request.inputMint, quote.request.outputMint, ...quote.route, instructions.length].join('|')

const quotedBy = (terms: SwapTerms, { quote, threshold }: Pick<BuiltSwap, 'quote' | 'threshold'>) => ({
  inAsset: terms.inAsset,
  inAmount: quote.inAmount.toString(),
  outAsset: terms.outAsset,
  outAmount: quote.outAmount.toString(),
  limit: threshold.toString(),
})
