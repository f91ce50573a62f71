import { holdingChanges } from '../events/chain-holdings.ts'
import { decodeAccountEvent } from '../events/decode.ts'
import type { InstrumentBook } from '../events/instruments.ts'
import type { EventStore, Position } from '../events/store/event-store.ts'
import { parseAccountStream } from '../events/streams.ts'
import type { Clock } from '../platform/clock.ts'
import type { Chain } from '../rpc/chain.ts'

export interface ReconcileDeps {
  readonly store: EventStore
  readonly chain: Chain
  readonly instruments: InstrumentBook
  readonly clock: Clock
}

/** Base units of one asset of one account where ledger and chain disagree. */
export interface Difference {
  readonly accountId: string
  readonly asset: string
  readonly ledger: string
  readonly chain: string
  /** The account has a transaction without an outcome: the difference may be its effect. */
  readonly inFlight: boolean
}

export interface Reconciliation {
  readonly accounts: number
  readonly assets: number
  readonly differences: readonly Difference[]
}

/**
 * Compares what every wallet should hold, added up from the log, with the balances of its wallet at `confirmed`.
 * Accounts that move meanwhile are looked at again for some seconds; a difference that stays is reported, in flight or not.
 * @throws when the chain does not answer
 */
export const reconcile = async (deps: ReconcileDeps): Promise<Reconciliation> => {
  const books = new Map<string, Book>()
  let at = await readBooks(deps.store, undefined, books)
  let differences = await compare(deps, [...books.values()])
  for (let round = 0; round < ROUNDS && differences.length > 0; round++) {
    await deps.clock.sleep(ROUND_MS)
    const seen = at
    at = await readBooks(deps.store, at, books)
    const open = new Set(differences.map(({ accountId }) => accountId))
    const moved = at.commit !== seen.commit || [...books.values()].some((book) => open.has(book.accountId) && book.open.size > 0)
    differences = await compare(
      deps,
      [...books.values()].filter(({ accountId }) => open.has(accountId)),
    )
    // Nothing is under way: looking again would show the same.
    if (!moved && round > 0) break
  }
  return { accounts: books.size, assets: assetsOf(deps.instruments).length, differences }
}

/** A confirmed transaction is booked within a second or two. */
const ROUNDS = 10
const ROUND_MS = 1_000

interface Book {
  readonly accountId: string
  wallet: string | undefined
  /** Units by asset that the ledger says lie in the wallet. */
  readonly held: Map<string, bigint>
  /** Signatures without an outcome. */
  readonly open: Set<string>
}

/** Adds everything after `after` to the books and returns how far the log was read. */
const readBooks = async (store: EventStore, after: Position | undefined, books: Map<string, Book>): Promise<Position> => {
  let last = after ?? { commit: 0n, prepare: 0n }
  for await (const recorded of store.readAll(after)) {
    last = recorded.position
    const accountId = parseAccountStream(recorded.streamId)?.accountId
    if (accountId === undefined) continue
    const event = decodeAccountEvent(recorded)
    const book = bookOf(books, accountId)
    for (const change of holdingChanges(accountId, event)) hold(bookOf(books, change.accountId), change.asset, change.amount)
    if (event.type === 'WalletAssigned') book.wallet = event.data.publicKey
    if (event.type === 'TransactionSigned' || event.type === 'TransactionVanished') book.open.add(event.data.signature)
    if (event.type === 'TransactionLanded' || event.type === 'TransactionFailed' || event.type === 'TransactionExpired')
      book.open.delete(event.data.signature)
  }
  return last
}

const bookOf = (books: Map<string, Book>, accountId: string): Book => {
  const book = books.get(accountId) ?? { accountId, wallet: undefined, held: new Map(), open: new Set() }
  books.set(accountId, book)
  return book
}

const hold = (book: Book, asset: string, amount: bigint): void => {
  book.held.set(asset, (book.held.get(asset) ?? 0n) + amount)
}

const assetsOf = (instruments: InstrumentBook) => [
  ...new Map(instruments.all().flatMap(({ base, quote }) => [base, quote].map((asset) => [asset.asset, asset] as const))).values(),
]

const compare = async ({ chain, instruments }: ReconcileDeps, books: readonly Book[]): Promise<Difference[]> => {
  const rows = books.flatMap((book) => assetsOf(instruments).map((asset) => ({ book, asset })))
  // An account without a wallet can have nothing on the chain.
  const held = rows.filter(({ book }) => book.wallet !== undefined)
  const answer = await chain.tokenBalances(held.map(({ book, asset }) => ({ owner: book.wallet!, mint: asset.mint })))
  if (!answer.ok) throw new Error(`the chain does not answer: ${answer.error.detail}`)
  const onChain = new Map(held.map((row, i) => [row, answer.value[i] ?? 0n]))
  return rows.flatMap((row) => {
    const { book, asset } = row
    const ledger = book.held.get(asset.asset) ?? 0n
    const found = onChain.get(row) ?? 0n
    const inFlight = book.open.size > 0
    return ledger === found
      ? []
      : [{ accountId: book.accountId, asset: asset.asset, ledger: ledger.toString(), chain: found.toString(), inFlight }]
  })
}
