import { type JSONEventData, jsonEvent, type ResolvedEvent } from '@eventstore/db-client'
import { systemIds } from '../../../src/platform/ids.ts'

export type TestEvent = JSONEventData<{ type: string; data: { n: number; text?: string } }>

export const testEvent = (n: number, id: string = systemIds.uuid(), type = 'counted'): TestEvent =>
  jsonEvent({ id, type, data: { n } }) as TestEvent

export const testEvents = (count: number, from = 0): TestEvent[] => Array.from({ length: count }, (_, i) => testEvent(from + i))

/** Everything a read yields. */
export const all = async (events: AsyncIterable<ResolvedEvent>): Promise<ResolvedEvent[]> => {
  const out: ResolvedEvent[] = []
  for await (const event of events) out.push(event)
  return out
}

export const revisionsOf = (events: readonly ResolvedEvent[]): number[] => events.map(({ event }) => Number(event!.revision))
