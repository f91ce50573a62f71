import type { Projection } from '../projection.ts'
import type { Table } from '../rows/table.ts'

export interface InstrumentRow {
  readonly symbol: string
  readonly version: number
  readonly base: string
  readonly baseMint: string
  readonly baseDecimals: number
  readonly quote: string
  readonly quoteMint: string
  readonly quoteDecimals: number
  readonly tickSize: string
  readonly lotSize: string
  readonly status: string
  readonly revision: bigint
  readonly position: bigint
}

const instrumentsTable: Table<InstrumentRow> = {
  name: 'instruments',
  columns: {
    symbol: ['symbol', 'text'],
    version: ['version', 'integer'],
    base: ['base', 'text'],
    baseMint: ['base_mint', 'text'],
    baseDecimals: ['base_decimals', 'integer'],
    quote: ['quote', 'text'],
    quoteMint: ['quote_mint', 'text'],
    quoteDecimals: ['quote_decimals', 'integer'],
    tickSize: ['tick_size', 'text'],
    lotSize: ['lot_size', 'text'],
    status: ['status', 'text'],
    revision: ['revision', 'bigint'],
    position: ['position', 'bigint'],
  },
  key: ['symbol'],
  loadBy: ['symbol'],
}

/** Each shard's own copy of the newest instruments, so that its rows can be read without any other source. */
export const instruments: Projection = {
  table: instrumentsTable as unknown as Table<never>,
  apply: ({ event, revision, position }, rows) => {
    if (event.type !== 'InstrumentDefined') return
    const { symbol, version, base, quote, tickSize, lotSize, status } = event.data
    rows.of(instrumentsTable).put({
      symbol,
      version,
      tickSize,
      lotSize,
      status,
      revision,
      position,
      base: base.asset,
      baseMint: base.mint,
      baseDecimals: base.decimals,
      quote: quote.asset,
      quoteMint: quote.mint,
      quoteDecimals: quote.decimals,
    })
  },
}
