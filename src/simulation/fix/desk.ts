import type { AccountCommand, Decision } from '../../commands/account/command.ts'
import { decide } from '../../commands/account/decide.ts'
import { evolve, foldAccount } from '../../commands/account/evolve.ts'
import { type AccountState, EMPTY_ACCOUNT } from '../../commands/account/state.ts'
import { decodeState, encodeState, type PackedState } from '../../commands/handler/snapshot-codec.ts'
import type { OrderState } from '../../commands/order/order-state.ts'
import type { AccountEvent } from '../../events/account/account-event.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { accountStream } from '../../events/streams.ts'
import { SCHEMA_VERSION } from '../../events/upcast.ts'

/** An event with the order as it left it. */
export interface Entry {
  readonly event: AccountEvent
  readonly order: OrderState | undefined
}

/** One account under the real deciders, its log in memory. */
export interface Desk {
  state(): AccountState
  /** ms; every command comes a second after the last. */
  now(): number
  log(): readonly Entry[]
  does(command: AccountCommand): Decision
  /** Moves the clock on to a deadline. */
  waitUntil(time: number): void
  /** Forgets all that is in memory: the state comes back through the log and through a snapshot, which must agree. @throws when they do not */
  restart(): void
}

export const ACCOUNT = 'fix'

/** Some day before the deadlines of the scenarios. */
const START = Date.UTC(2029, 11, 31)

export const openDesk = (): Desk => {
  let state = EMPTY_ACCOUNT
  let now = START
  const entries: Entry[] = []
  const recorded: RecordedEvent[] = []

  const append = (event: AccountEvent): void => {
    const revision = state.revision + 1n
    // through JSON, as the store would have it
    const data = JSON.parse(JSON.stringify(event.data)) as unknown
    recorded.push({ ...RECORD, id: `e-${revision}`, type: event.type, data, revision, position: { commit: revision, prepare: revision } })
    state = evolve(state, event, revision)
    const number = 'orderId' in event.data ? Number(event.data.orderId.split('.')[1]) : 0
    entries.push({ event, order: state.orders.get(number) ?? state.canceled.get(number) })
  }

  return {
    state: () => state,
    now: () => now,
    log: () => entries,
    waitUntil: (time) => {
      now = Math.max(now, time)
    },
    does: (command) => {
      now += 1_000
      const decision = decide(state, command, now)
      decision.events.forEach(append)
      return decision
    },
    restart: () => {
      const fromLog = JSON.stringify(encodeState(foldAccount(recorded)))
      const snapshot = JSON.stringify(encodeState(state))
      if (fromLog !== snapshot) throw new Error('the fold of the log is not the state in memory')
      state = decodeState(JSON.parse(snapshot) as PackedState)
    },
  }
}

const RECORD = { streamId: accountStream(ACCOUNT), created: 0, metadata: { schema: SCHEMA_VERSION } }
