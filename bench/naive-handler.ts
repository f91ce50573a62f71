import { decide } from '../src/commands/account/decide.ts'
import { evolve } from '../src/commands/account/evolve.ts'
import { type AccountState, EMPTY_ACCOUNT } from '../src/commands/account/state.ts'
import type { AccountHandler } from '../src/commands/handler/account-handler.ts'
import { decodeAccountEvent } from '../src/events/decode.ts'
import type { EventStore } from '../src/events/store/event-store.ts'
import { accountStream } from '../src/events/streams.ts'
import { SCHEMA_VERSION } from '../src/events/upcast.ts'
import type { Clock } from '../src/platform/clock.ts'
import type { Ids } from '../src/platform/ids.ts'

/** As the handler's: a client waits no longer. */
const DEADLINE_MS = 5_000

/**
 * What the handler is measured against: every command reads its account's stream, folds it, decides, and appends at the revision read;
 * on a conflict it starts over. Correct, without mailbox, cache or batches: the load-decide-append loop of the usual examples.
 */
export const naiveHandler = (store: EventStore, ids: Ids, clock: Clock): AccountHandler => {
  const read = async (accountId: string): Promise<{ state: AccountState; position: bigint }> => {
    let state = EMPTY_ACCOUNT
    let position = 0n
    for await (const recorded of store.readStream(accountStream(accountId))) {
      state = evolve(state, decodeAccountEvent(recorded), recorded.revision)
      position = recorded.position.commit
    }
    return { state, position }
  }
  return {
    load: async (accountId) => (await read(accountId)).state,
    execute: async (accountId, command, context) => {
      while (clock.now() - context.time < DEADLINE_MS) {
        const { state, position } = await read(accountId)
        const { events, answer } = decide(state, command, context.time)
        if (events.length === 0) return { kind: 'answered', answer, position, state }
        const metadata = {
          $correlationId: context.correlationId,
          $causationId: context.causationId,
          commandId: context.commandId,
          actor: context.actor,
          schema: SCHEMA_VERSION,
          clock: context.time,
        }
        const proposed = events.map(({ type, data }) => ({ id: ids.uuid(), type, data, metadata }))
        const expected = state.revision < 0n ? 'no_stream' : state.revision
        const outcome = await store.append(accountStream(accountId), expected, proposed)
        if (outcome.kind === 'appended') return { kind: 'answered', answer, position: outcome.position.commit, state }
        if (outcome.kind === 'unknown') throw new Error(outcome.reason)
      }
      return { kind: 'unavailable', detail: 'too many conflicts' }
    },
    close: async () => undefined,
  }
}
