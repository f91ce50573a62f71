import type { InstrumentTerms } from '../../events/fields.ts'
import { isPlain, PLAIN, type RareTerms, rareTermsOf } from '../../events/order-terms.ts'
import type { TradingFee } from '../../events/trading-fee.ts'
import type { OrderState } from '../order/order-state.ts'
import type { PendingRequest } from '../order/requests.ts'

/** Orders as rows, their instruments once: 500 open orders stay near 100 KB. */
export interface PackedOrders {
  readonly instruments: readonly InstrumentTerms[]
  readonly rows: readonly PackedOrder[]
}

type PackedOrder = readonly [
  orderId: string,
  number: number,
  clOrdId: string,
  termsHash: string,
  side: OrderState['side'],
  type: OrderState['type'],
  timeInForce: OrderState['timeInForce'],
  orderQty: string | null,
  cashOrderQty: string | null,
  price: string | null,
  maxSlippageBps: number,
  instrument: number,
  ordStatus: OrderState['ordStatus'],
  text: string | null,
  cumQty: string,
  cumQuote: string,
  reservedAsset: string,
  reservedAmount: string,
  executable: 0 | 1,
  reference: string | null,
  cancelText: string | null,
  failedAttempts: number,
  acceptedRevision: string,
  acceptedAt: number,
  rare: PackedRare | 0,
]

/** What a plain order does not have. */
interface PackedRare extends RareTerms {
  readonly peak: string | null
  readonly triggered: boolean
  readonly held: boolean
  /** Null: the order's own. */
  readonly lastClOrdId: string | null
  readonly requests: readonly PackedRequest[]
  readonly fee: TradingFee | null
}
type PackedRequest = readonly [clOrdId: string] | readonly [clOrdId: string, termsHash: string, ...change: (string | null)[]]

export const encodeOrders = (orders: Iterable<OrderState>): PackedOrders => {
  const instruments: InstrumentTerms[] = []
  const index = new Map<string, number>()
  const rows = [...orders].map((o): PackedOrder => {
    const key = JSON.stringify(o.instrument)
    const instrument = index.get(key) ?? instruments.push(o.instrument) - 1
    index.set(key, instrument)
    return [
      o.orderId,
      o.number,
      o.clOrdId,
      o.termsHash,
      o.side,
      o.type,
      o.timeInForce,
      o.orderQty?.toString() ?? null,
      o.cashOrderQty?.toString() ?? null,
      o.price,
      o.maxSlippageBps,
      instrument,
      o.ordStatus,
      o.text,
      o.cumQty.toString(),
      o.cumQuote.toString(),
      o.reserved.asset,
      o.reserved.amount.toString(),
      o.executable ? 1 : 0,
      o.reference,
      o.cancelText,
      o.failedAttempts,
      o.acceptedRevision.toString(),
      o.acceptedAt,
      packRare(o),
    ]
  })
  return { instruments, rows }
}

export const decodeOrders = ({ instruments, rows }: PackedOrders): OrderState[] =>
  rows.map((r) => ({
    orderId: r[0],
    number: r[1],
    clOrdId: r[2],
    termsHash: r[3],
    side: r[4],
    type: r[5],
    timeInForce: r[6],
    orderQty: r[7] === null ? null : BigInt(r[7]),
    cashOrderQty: r[8] === null ? null : BigInt(r[8]),
    price: r[9],
    maxSlippageBps: r[10],
    instrument: instruments[r[11]]!,
    ordStatus: r[12],
    text: r[13],
    cumQty: BigInt(r[14]),
    cumQuote: BigInt(r[15]),
    reserved: { asset: r[16], amount: BigInt(r[17]) },
    executable: r[18] === 1,
    reference: r[19],
    cancelText: r[20],
    failedAttempts: r[21],
    acceptedRevision: BigInt(r[22]),
    acceptedAt: r[23],
    ...(r[24] === 0 ? { ...NOTHING_RARE, lastClOrdId: r[2] } : unpackRare(r[24], r[2])),
  }))

const NOTHING_RARE = { ...PLAIN, peak: null, triggered: false, held: false, requests: [], fee: null }

const unpackRare = (rare: PackedRare, clOrdId: string) => ({
  ...rare,
  lastClOrdId: rare.lastClOrdId ?? clOrdId,
  requests: rare.requests.map(unpackRequest),
})

const packRequest = (r: PendingRequest): PackedRequest =>
  r.kind === 'cancel'
    ? [r.clOrdId]
    : [r.clOrdId, r.termsHash, text(r.change.orderQty), text(r.change.cashOrderQty), r.change.price, r.change.stopPrice]

const unpackRequest = ([
  clOrdId,
  termsHash,
  orderQty = null,
  cashOrderQty = null,
  price = null,
  stopPrice = null,
]: PackedRequest): PendingRequest =>
  termsHash === undefined
    ? { kind: 'cancel', clOrdId }
    : { kind: 'replace', clOrdId, termsHash, change: { orderQty: units(orderQty), cashOrderQty: units(cashOrderQty), price, stopPrice } }

const text = (amount: bigint | null): string | null => amount?.toString() ?? null
const units = (amount: string | null): bigint | null => (amount === null ? null : BigInt(amount))

const packRare = (o: OrderState): PackedRare | 0 => {
  const { peak, triggered, held } = o
  const lastClOrdId = o.lastClOrdId === o.clOrdId ? null : o.lastClOrdId
  if (isPlain(o) && peak === null && !triggered && !held && lastClOrdId === null && o.requests.length === 0 && o.fee === null) return 0
  return { ...rareTermsOf(o), peak, triggered, held, lastClOrdId, requests: o.requests.map(packRequest), fee: o.fee }
}
