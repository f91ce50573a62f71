import { z } from 'zod'
import { orderDocument } from '../events/order-document.ts'
import { ID_PATTERN } from '../events/streams.ts'
import { ok, type Route, route } from '../platform/http/route.ts'
import { type AccountDocuments, type AccountsAt, isHeld, MOST_ORDERS } from '../queries/accounts-at.ts'
import { positionDocument } from '../queries/resources/positions.ts'
import { foldPositions } from './position-fold.ts'
import { balanceDocuments, replayAccount } from './replay.ts'
import { type AuditDeps, headOrRefusal, Limit, Place, readingLog } from './request.ts'

/** Accounts of a page: each that has changed since is replayed from its first event. */
const MOST_ACCOUNTS = 100
const USUAL_ACCOUNTS = 20

const Query = z.strictObject({
  position: Place.optional(),
  limit: Limit(MOST_ACCOUNTS).optional(),
  cursor: z.string().regex(ID_PATTERN, 'is not a cursor of this list').optional(),
})

/**
 * GET /v1/audit/as-of?position=: balances, positions and orders of all accounts as they were at one position, by account id; the head where
 * none is given. Every page of a list is as of the same position: give it again with the cursor.
 */
export const asOfAllRoute = (deps: AuditDeps, accountsAt: AccountsAt): Route =>
  route({
    method: 'GET',
    path: '/v1/audit/as-of',
    scope: 'audit',
    query: Query,
    handle: async ({ grant, query, signal }) =>
      readingLog(deps.store, async () => {
        const known = await headOrRefusal(deps.store, query.position)
        if (!('head' in known)) return known
        const position = query.position === undefined ? known.head : BigInt(query.position)
        const limit = Number(query.limit ?? USUAL_ACCOUNTS)
        const found = await accountsAt({ position, after: query.cursor ?? '', limit, accounts: grant.accounts, signal })
        if ('refusal' in found) return found
        const data = []
        for (const { accountId, rows } of found) {
          const document = rows ?? (await replayed(deps, accountId, position, signal))
          if (document) data.push({ accountId, ...document })
        }
        const nextCursor = found.length < limit ? null : found.at(-1)!.accountId
        return ok({ data, nextCursor, asOfPosition: position.toString() })
      }),
  })

/** Undefined for an account that was opened later. */
const replayed = async (
  { store, instruments }: AuditDeps,
  accountId: string,
  position: bigint,
  signal: AbortSignal,
): Promise<AccountDocuments | undefined> => {
  const positions = foldPositions()
  const replay = await replayAccount(store, accountId, {
    within: (event) => event.position.commit <= position,
    orders: { below: Number.MAX_SAFE_INTEGER, most: MOST_ORDERS },
    onEvent: positions.apply,
    signal,
  })
  if (!replay.last) return undefined
  return {
    balances: balanceDocuments(replay, instruments).filter(({ settled, reserved }) => settled !== '0' || reserved !== '0'),
    positions: positions.all().filter(isHeld).map(positionDocument),
    orders: replay.orders.map(orderDocument),
    olderOrders: replay.olderOrders,
  }
}
