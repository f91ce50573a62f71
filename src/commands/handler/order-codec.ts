import type { InstrumentTerms } from '../../events/fields.ts'
import { isPlain, PLAIN, type RareTerms, rareTermsOf } from '../../events/order-terms.ts'
import type { OrderState } from '../order/order-state.ts'

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
}

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
    ...(r[24] === 0 ? NOTHING_RARE : r[24]),
  }))

const NOTHING_RARE: PackedRare = { ...PLAIN, peak: null, triggered: false, held: false }

const packRare = (o: OrderState): PackedRare | 0 => {
  const { peak, triggered, held } = o
  return isPlain(o) && peak === null && !triggered && !held ? 0 : { ...rareTermsOf(o), peak, triggered, held }
}
