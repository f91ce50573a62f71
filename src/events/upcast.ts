type Data = Readonly<Record<string, unknown>>
type Upcast = (data: Data) => Data

/** Terms that an order of version 1 could not have. */
const plainOrder: Upcast = (data) => ({
  ...data,
  strategyId: null,
  trailingOffset: null,
  reduceOnly: false,
  postOnly: false,
  list: null,
  algo: null,
})

/** Up to version 3 only the sum was told: it counts as base fee, and a tip was part of the rent. */
const undividedCosts: Upcast = (data) => ({ ...data, priorityFee: '0', tip: '0' })
const undividedFee: Upcast = (data) => ({ ...data, priorityFee: '0' })
/** What a vanished transaction had cost was not given back. */
const nothingReturned: Upcast = (data) => ({ ...data, returned: null })

/** What became final was not told, so a projection rebuilt over such events shows too much as provisional; the fold does not need it. */
const settledNothing: Upcast = (data) => ({ ...data, settled: [] })
const freeOfCharge: Upcast = (data) => ({ ...data, fee: null })

/** Step n (from 0) makes an event of version n + 1 one of version n + 2. Types that did not change are absent. A step is never edited once released. */
const STEPS: readonly Readonly<Record<string, Upcast>>[] = [
  { OrderAccepted: plainOrder, OrderRejected: plainOrder },
  // until then only limits could trigger
  { OrderTriggered: (data) => ({ ...data, condition: 'limit' }) },
  { OrderRejected: (data) => ({ ...data, why: null }) },
  {
    TransactionLanded: undividedCosts,
    TransactionFailed: undividedFee,
    TransactionVanished: nothingReturned,
    TransactionsFinalized: settledNothing,
    OrderAccepted: freeOfCharge,
  },
  // until then no request had a ClOrdID, and nothing could be pending on an order when it ended
  {
    OrderCancelRequested: (data) => ({ ...data, clOrdId: null }),
    OrderCanceled: (data) => ({ ...data, clOrdId: null, ordStatus: 'Canceled' }),
    OrderExpired: (data) => ({ ...data, clOrdId: null, ordStatus: 'Expired' }),
    TradeCanceled: (data) => ({ ...data, ordStatus: null }),
  },
  // until then every instrument traded
  { InstrumentDefined: (data) => ({ ...data, status: 'trading' }) },
]

/** Version that this build writes; one number for all types, raised when any schema grows. */
export const SCHEMA_VERSION = STEPS.length + 1

/** An event's data as the newest version has it. Pure: the same stored event gives the same data for ever. */
export const upcast = (type: string, version: number, data: unknown): unknown =>
  STEPS.slice(version - 1).reduce<unknown>((older, step) => (isRecord(older) ? (step[type]?.(older) ?? older) : older), data)

const isRecord = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value)
