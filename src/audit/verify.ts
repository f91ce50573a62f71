import type { InstrumentBook } from '../events/instruments.ts'
import { orderDocument } from '../events/order-document.ts'
import type { EventStore } from '../events/store/event-store.ts'
import { accountStream, parseAccountStream } from '../events/streams.ts'
import { type ExecutionDocument, foldExecutions } from './execution-fold.ts'
import { balanceDocuments, replayAccount } from './replay.ts'

type Row = Readonly<Record<string, unknown>>

/** The read models as a client sees them: every row of a list, at or after a position. */
export interface ReadModels {
  rows(path: string, minPosition: string): AsyncIterable<Row>
}

/** A row that one side has otherwise than the other; null where it is missing. */
export interface Difference {
  readonly accountId: string
  readonly table: 'balances' | 'orders' | 'executions'
  readonly id: string
  readonly replay: Row | null
  readonly readModel: Row | null
}

export interface Verification {
  readonly accounts: number
  readonly orders: number
  readonly executions: number
  readonly differences: readonly Difference[]
}

export interface VerifyDeps {
  readonly store: EventStore
  readonly instruments: InstrumentBook
  readonly readModels: ReadModels
  /** All of the log when left out. */
  readonly accounts?: readonly string[]
}

/** Enough differences to see what is wrong. */
const MOST_DIFFERENCES = 100
/** A busy account changes while it is compared: it is compared again, this often. */
const TRIES = 10

/** Replays every account from the log and compares it with what the read models answer. @throws UnreadableEvent; what the reader throws */
export const verifyReadModels = async (deps: VerifyDeps): Promise<Verification> => {
  let accounts = 0
  let orders = 0
  let executions = 0
  const differences: Difference[] = []
  for await (const accountId of deps.accounts ?? accountIds(deps.store)) {
    const compared = await compareAccount(deps, accountId)
    accounts++
    orders += compared.orders
    executions += compared.executions
    differences.push(...compared.differences)
    if (differences.length >= MOST_DIFFERENCES) break
  }
  return { accounts, orders, executions, differences: differences.slice(0, MOST_DIFFERENCES) }
}

async function* accountIds(store: EventStore): AsyncIterable<string> {
  for await (const event of store.readAll(undefined)) {
    const account = event.type === 'AccountOpened' ? parseAccountStream(event.streamId) : undefined
    if (account) yield account.accountId
  }
}

const compareAccount = async ({ store, instruments, readModels }: VerifyDeps, accountId: string) => {
  for (let tries = 1; ; tries++) {
    const executions = foldExecutions()
    const replay = await replayAccount(store, accountId, {
      within: () => true,
      orders: { below: Number.MAX_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER },
      onEvent: executions.apply,
    })
    const { last } = replay
    if (!last) return { orders: 0, executions: 0, differences: [] }
    const expected = {
      balances: new Map<string, Row>(balanceDocuments(replay, instruments).map((row) => [row.asset, { ...row }])),
      orders: new Map<string, Row>(replay.orders.map((order) => [order.orderId, orderDocument(order)])),
      executions: new Map<string, Row>(executions.all().map((row: ExecutionDocument) => [row.execId, { ...row }])),
    }
    const at = last.position.commit.toString()
    const differences: Difference[] = []
    for (const table of ['balances', 'orders', 'executions'] as const) {
      const found = readModels.rows(`/v1/accounts/${accountId}/${table}`, at)
      differences.push(...(await compareRows(accountId, table, expected[table], found)))
    }
    const counted = { orders: expected.orders.size, executions: expected.executions.size, differences }
    if (differences.length === 0 || tries === TRIES || !(await movedOn(store, accountId, last.revision))) return counted
  }
}

const KEY = { balances: 'asset', orders: 'orderId', executions: 'execId' } as const

const compareRows = async (
  accountId: string,
  table: Difference['table'],
  expected: ReadonlyMap<string, Row>,
  found: AsyncIterable<Row>,
): Promise<Difference[]> => {
  const differences: Difference[] = []
  const missing = new Map(expected)
  for await (const row of found) {
    const id = String(row[KEY[table]])
    const replayed = missing.get(id)
    missing.delete(id)
    if (!replayed ? !isEmpty(row) : !covers(row, replayed))
      differences.push({ accountId, table, id, replay: replayed ?? null, readModel: row })
  }
  for (const [id, row] of missing) if (!isEmpty(row)) differences.push({ accountId, table, id, replay: row, readModel: null })
  return differences
}

/** A read model may add fields; those the log tells must be the same. */
const covers = (row: Row, replayed: Row): boolean => {
  const fields = new Set([...Object.keys(replayed), ...CONDITIONAL.filter((field) => field in row)])
  return [...fields].every((field) => row[field] === replayed[field])
}

/** Fields that a row has only when they apply: one that is there without reason is a difference. */
const CONDITIONAL = [
  ...['cashOrderQty', 'price', 'text', 'execRefId', 'busted', 'lastQty', 'lastPx'],
  ...['stopPrice', 'trailingOffset', 'trailingOffsetBps', 'expireTime', 'reduceOnly', 'postOnly', 'strategyId', 'listId', 'leg'],
  ...['algoId', 'slice', 'lastClOrdId'],
]

/** A balance of nothing may be told or left out. */
const isEmpty = (row: Row): boolean => row.settled === '0' && row.reserved === '0' && row.available === '0'

const movedOn = async (store: EventStore, accountId: string, revision: bigint): Promise<boolean> => {
  for await (const newest of store.readBackwards(accountStream(accountId), 1)) return newest.revision > revision
  return false
}
