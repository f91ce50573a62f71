import { z } from 'zod'
import { algoDocument } from '../../events/algo-document.ts'
import type { Reply, Route } from '../../platform/http/route.ts'
import { orderOfAlgo } from '../../projections/document-keys.ts'
import { type AlgoRow, algoFacts, algosTable } from '../../projections/read-models/algos.ts'
import { selectList } from '../../projections/rows/table.ts'
import { type ReaderDeps, type ReadShard, readAccount } from '../reader.ts'
import { BigText } from '../request/cursor.ts'
import { AccountIdText, ClOrdIdText, ReadQuery } from '../request/parameters.ts'
import { accountListRoute } from './account-list.ts'
import { accountRead, oneReply } from './account-read.ts'

type Row = AlgoRow & { readonly executed: bigint }

// The slices are found by the index on their algo: no trade has to touch the algo's own row.
const SELECT = `
  SELECT true AS "found", ${selectList(algosTable, 'a')}, coalesce(slices.executed, 0) AS "executed"
  FROM algos a LEFT JOIN LATERAL (
    SELECT sum(o.cum_qty) AS executed FROM orders o WHERE o.account_id = a.account_id AND o.algo_id = a.algo_id
  ) slices ON true`

const NEWEST_FIRST = {
  name: 'algos-newest-first',
  text: `${SELECT} WHERE a.account_id = $1 AND a.started_revision < $3::bigint ORDER BY a.started_revision DESC LIMIT $4::integer`,
}
const BY_ORDER = {
  name: 'algo-of-order',
  text: `
    ${SELECT} WHERE a.account_id = $1 AND a.algo_id = (SELECT own.algo_id FROM orders own WHERE own.account_id = $1 AND own.number = $3::bigint)`,
}
const BY_ID = { name: 'algo-by-id', text: `${SELECT} WHERE a.account_id = $1 AND a.algo_id = $3` }

const documentOf = (row: Row) => algoDocument(algoFacts(row, row.executed))

/** GET /v1/accounts/:accountId/algos, newest first. */
export const algosRoute = (deps: ReaderDeps): Route =>
  accountListRoute<Row, [string]>(deps, {
    name: 'algos',
    sql: NEWEST_FIRST,
    key: z.tuple([BigText]),
    start: [String(2n ** 62n)],
    keyOf: (row) => [String(row.startedRevision)],
    documents: (rows) => rows.map(documentOf),
  })

const AlgoRef = z.string().refine((ref) => partsOf(ref) !== undefined, 'must be <accountId>.<algoId>')

const partsOf = (ref: string): readonly [accountId: string, algoId: string] | undefined => {
  const [accountId, algoId, ...rest] = ref.split('.')
  const good = AccountIdText.safeParse(accountId).success && ClOrdIdText.safeParse(algoId).success && rest.length === 0
  return good ? [accountId!, algoId!] : undefined
}

/** GET /v1/algos/:algoRef, `<accountId>.<algoId>`. */
export const algoRoute = (deps: ReaderDeps): Route =>
  accountRead(deps, {
    path: '/v1/algos/:algoRef',
    params: z.object({ algoRef: AlgoRef }),
    query: ReadQuery,
    accountOf: ({ algoRef }) => partsOf(algoRef!)![0],
    answer: ({ accountId, shard, params }) => algoReply(deps, shard, accountId, partsOf(params.algoRef!)![1]),
  })

/** One algo by its id, or as that of an order (see document-keys.ts). */
export const algoReply = async (_deps: ReaderDeps, shard: ReadShard, accountId: string, id: string): Promise<Reply> => {
  const order = orderOfAlgo(id)
  const read = await readAccount<Row>(shard, accountId, order === undefined ? BY_ID : BY_ORDER, [order ?? id])
  return oneReply(read, 'no such algo', documentOf)
}
