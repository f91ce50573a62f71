import { z } from 'zod'
import { ID_PATTERN } from '../../events/streams.ts'
import { formatUnits } from '../../platform/decimal.ts'
import type { Reply, Route } from '../../platform/http/route.ts'
import { type CorrectionRow, correctionsTable } from '../../projections/read-models/corrections.ts'
import { selectList } from '../../projections/rows/table.ts'
import { type ReaderDeps, type ReadShard, readAccount } from '../reader.ts'
import { ReadQuery } from '../request/parameters.ts'
import { accountListRoute } from './account-list.ts'
import { accountRead, oneReply } from './account-read.ts'

// Walks down the primary key.
const LIST = {
  name: 'corrections',
  text: `
    SELECT true AS "found", ${selectList(correctionsTable, 'k')} FROM corrections k
    WHERE k.account_id = $1 AND k.correction_id > $3 ORDER BY k.correction_id LIMIT $4::integer`,
}
const ONE = {
  name: 'correction-by-id',
  text: `SELECT true AS "found", ${selectList(correctionsTable, 'k')} FROM corrections k WHERE k.account_id = $1 AND k.correction_id = $3`,
}

/** GET /v1/accounts/:accountId/corrections, by id. */
export const correctionListRoute = (deps: ReaderDeps): Route =>
  accountListRoute<CorrectionRow, [string]>(deps, {
    name: 'corrections',
    sql: LIST,
    key: z.tuple([z.string()]),
    start: [''],
    keyOf: (row) => [row.correctionId],
    documents: (rows) => rows.map(document),
  })

/** GET /v1/corrections/{accountId}.{correctionId} */
export const correctionRoute = (deps: ReaderDeps): Route =>
  accountRead(deps, {
    path: '/v1/corrections/:correctionRef',
    params: z.object({ correctionRef: z.string().refine((ref) => parse(ref) !== undefined, 'must be <accountId>.<correctionId>') }),
    query: ReadQuery,
    accountOf: ({ correctionRef }) => parse(correctionRef!)!.accountId,
    answer: ({ accountId, shard, params }) => correctionReply(deps, shard, accountId, parse(params.correctionRef!)!.correctionId),
  })

/** One correction by its id. */
export const correctionReply = async (_deps: ReaderDeps, shard: ReadShard, accountId: string, correctionId: string): Promise<Reply> =>
  oneReply(await readAccount<CorrectionRow>(shard, accountId, ONE, [correctionId]), 'no such correction', document)

const parse = (ref: string): { readonly accountId: string; readonly correctionId: string } | undefined => {
  const [accountId = '', correctionId = '', ...rest] = ref.split('.')
  return rest.length === 0 && ID_PATTERN.test(accountId) && ID_PATTERN.test(correctionId) ? { accountId, correctionId } : undefined
}

const document = (row: CorrectionRow) => ({
  correctionId: `${row.accountId}.${row.correctionId}`,
  accountId: row.accountId,
  asset: row.asset,
  amount: formatUnits(row.amount, row.decimals),
  reason: row.reason,
  requestedBy: row.requestedBy,
  expiresAt: new Date(Number(row.expiresAt)).toISOString(),
  status: row.status,
  ...(row.decidedBy === null ? {} : { decidedBy: row.decidedBy }),
  ...(row.decision === null ? {} : { decision: row.decision }),
  ...(row.divergenceId === null ? {} : { divergenceId: row.divergenceId }),
  position: String(row.position),
})
