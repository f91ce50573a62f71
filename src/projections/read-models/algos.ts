import { AlgoPlan } from '../../events/account/algo-events.ts'
import type { AlgoFacts } from '../../events/algo-document.ts'
import type { Side } from '../../events/fields.ts'
import { type AccountFact, accountProjection, required } from '../projection.ts'
import type { Table } from '../rows/table.ts'

/** What its slices have executed is told by their orders, which name the algo. */
export interface AlgoRow {
  readonly accountId: string
  readonly algoId: string
  readonly symbol: string
  readonly side: Side
  readonly status: AlgoFacts['status']
  readonly quantity: bigint
  readonly price: string | null
  readonly maxSlippageBps: number
  readonly strategyId: string | null
  /** JSON of its AlgoPlan. */
  readonly plan: string
  readonly slicesDone: number
  readonly text: string | null
  readonly startedAt: bigint
  readonly baseDecimals: number
  readonly startedRevision: bigint
  readonly revision: bigint
  readonly position: bigint
}

export const algosTable: Table<AlgoRow> = {
  name: 'algos',
  columns: {
    accountId: ['account_id', 'text'],
    algoId: ['algo_id', 'text'],
    symbol: ['symbol', 'text'],
    side: ['side', 'text'],
    status: ['status', 'text'],
    quantity: ['quantity', 'numeric'],
    price: ['price', 'text'],
    maxSlippageBps: ['max_slippage_bps', 'integer'],
    strategyId: ['strategy_id', 'text'],
    plan: ['plan', 'text'],
    slicesDone: ['slices_done', 'integer'],
    text: ['text', 'text'],
    startedAt: ['started_at', 'bigint'],
    baseDecimals: ['base_decimals', 'integer'],
    startedRevision: ['started_revision', 'bigint'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['accountId', 'algoId'],
  loadBy: ['accountId', 'algoId'],
}

/** Every algo with where it stands. */
export const algos = accountProjection({
  table: algosTable,
  reads: (fact, want) => {
    const algoId = algoIdOf(fact)
    if (algoId !== undefined && fact.event.type !== 'AlgoStarted') want(algosTable, fact.accountId, algoId)
  },
  apply: (fact, rows) => {
    const { accountId, event, revision, position } = fact
    const algoId = algoIdOf(fact)
    if (algoId === undefined) return
    const table = rows.of(algosTable)
    if (event.type === 'AlgoStarted') {
      const { symbol, baseDecimals } = event.data.instrument
      const { side, quantity, price, maxSlippageBps, strategyId, plan, at } = event.data
      table.put({
        accountId,
        algoId,
        symbol,
        side,
        status: 'Running',
        quantity: BigInt(quantity),
        price,
        maxSlippageBps,
        strategyId,
        plan: JSON.stringify(plan),
        slicesDone: 0,
        text: null,
        startedAt: BigInt(at),
        baseDecimals,
        startedRevision: revision,
        revision,
        position,
      })
      return
    }
    const before = required(table.get(accountId, algoId), `algo ${algoId}`)
    table.put({ ...before, ...changeBy(fact), revision, position })
  },
})

/** The algo that an event is about, its slice's order among them; undefined for other events. */
export const algoIdOf = ({ event }: AccountFact): string | undefined => {
  switch (event.type) {
    case 'AlgoStarted':
    case 'AlgoPaused':
    case 'AlgoResumed':
    case 'AlgoCancelRequested':
    case 'AlgoSliceSkipped':
    case 'AlgoEnded':
      return event.data.algoId
    case 'OrderAccepted':
    case 'OrderRejected':
      return event.data.algo?.algoId
    default:
      return undefined
  }
}

const changeBy = ({ event }: AccountFact): Partial<AlgoRow> => {
  switch (event.type) {
    case 'AlgoPaused':
      return { status: 'Paused' }
    case 'AlgoResumed':
      return { status: 'Running' }
    case 'AlgoCancelRequested':
      return { status: 'Canceling', text: event.data.text }
    case 'AlgoSliceSkipped':
      return { slicesDone: event.data.slice + 1 }
    case 'AlgoEnded':
      return { status: event.data.status, text: event.data.text }
    case 'OrderAccepted':
    case 'OrderRejected':
      return { slicesDone: (event.data.algo?.slice ?? 0) + 1 }
    default:
      return {}
  }
}

/** An algo's facts from its row and what its slices have executed. */
export const algoFacts = (row: AlgoRow, executed: bigint): AlgoFacts => ({
  ...row,
  executed,
  plan: AlgoPlan.parse(JSON.parse(row.plan)),
  startedAt: Number(row.startedAt),
  position: String(row.position),
})
