import { type DomainEvent, decodeEvent } from '../events/decode.ts'
import type { RecordedEvent } from '../events/store/event-store.ts'
import { parseAccountStream } from '../events/streams.ts'
import type { RowSets } from './rows/rows.ts'
import type { Table, Value } from './rows/table.ts'

/** An event as projections see it. */
export interface Fact {
  readonly event: DomainEvent
  /** The account whose stream it is from; undefined for reference streams. */
  readonly accountId: string | undefined
  readonly revision: bigint
  /** Commit position. */
  readonly position: bigint
}

/** A recorded event as a fact. @throws UnreadableEvent */
export const factOf = (recorded: RecordedEvent): Fact => ({
  event: decodeEvent(recorded),
  accountId: parseAccountStream(recorded.streamId)?.accountId,
  revision: recorded.revision,
  position: recorded.position.commit,
})

/** A fact of an account's stream. */
export interface AccountFact extends Fact {
  readonly accountId: string
}

/** Asks for the stored rows of a key (the table's `loadBy` fields) before the batch is applied. */
export type Want = <Row>(table: Table<Row>, ...key: Value[]) => void

/** Says that an event is the first to speak of a key (`loadBy` fields): no row of it is stored, so that nobody has to look. */
export type Born = Want

/** One read model: event → row changes. A fault thrown by either function pauses the event's stream, nothing else. */
export interface Projection {
  readonly table: Table<never>
  /** What `apply` will look up. */
  reads?(fact: Fact, want: Want, born: Born): void
  apply(fact: Fact, rows: RowSets): void
}

/** A projection of account events over one table. */
export const accountProjection = <Row>(projection: {
  readonly table: Table<Row>
  readonly reads?: (fact: AccountFact, want: Want, born: Born) => void
  readonly apply: (fact: AccountFact, rows: RowSets) => void
}): Projection => {
  const { table, reads, apply } = projection
  return {
    table: table as unknown as Table<never>,
    reads: (fact, want, born) => {
      if (reads && ofAccount(fact)) reads(fact, want, born)
    },
    apply: (fact, rows) => {
      if (ofAccount(fact)) apply(fact, rows)
    },
  }
}

export const ofAccount = (fact: Fact): fact is AccountFact => fact.accountId !== undefined

/** The row that an event takes for granted. @throws when the log does not keep its own order */
export const required = <Row>(row: Row | undefined, what: string): Row => {
  if (row === undefined) throw new Error(`${what} is not known`)
  return row
}
