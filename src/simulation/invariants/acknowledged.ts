import type { RecordedEvent } from '../../events/store/event-store.ts'
import type { MemoryLog } from '../store/memory-log.ts'
import type { Told } from '../workload/client.ts'
import type { Violations } from './violations.ts'

/** What clients were told, held against the log: at once, and again when all is over. */
export interface Acknowledged {
  told(told: Told): void
  /** What was refused without an append must not have come about later either. */
  atRest(): void
}

const SHARES = /^(?:Limit|Allotment)/

export const createAcknowledged = (log: MemoryLog, violations: Violations): Acknowledged => {
  const byCorrelation = new Map<string, RecordedEvent>()
  const refused: Told[] = []
  const done: Told[] = []
  log.onAppend((events) => {
    for (const event of events) {
      const id = event.metadata.$correlationId
      // shares that an order was given stay with the account, whatever becomes of the order
      if (SHARES.test(event.type)) continue
      if (typeof id === 'string' && !byCorrelation.has(id)) byCorrelation.set(id, event)
    }
  })
  const describe = ({ ask }: Told): string => `${ask.method} ${ask.path} ${JSON.stringify(ask.body ?? '')}`
  const check = (told: Told): void => {
    if (!byCorrelation.has(told.correlationId)) violations.add('lost', `${describe(told)} was answered 201 and is not in the log`)
  }

  return {
    told: (told) => {
      const { reply } = told
      if ('status' in reply && reply.status === 201) {
        done.push(told)
        check(told)
      }
      if ('refusal' in reply && reply.refusal.code === 'not_ready') refused.push(told)
      if ('status' in reply && reply.status >= 500) violations.add('other', `${describe(told)}: ${reply.status}`)
      const position = 'status' in reply ? (reply.body as { readonly position?: string }).position : undefined
      if (position !== undefined && BigInt(position) > (log.all.at(-1)?.position.commit ?? 0n))
        violations.add('lost', `${describe(told)}: position ${position} is beyond the log`)
    },
    atRest: () => {
      for (const told of done) check(told)
      for (const told of refused)
        if (byCorrelation.has(told.correlationId))
          violations.add('doubled', `${describe(told)} was told to have done nothing and is in the log`)
    },
  }
}
