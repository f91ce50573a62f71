import { additiveLimits, type LimitRules } from '../../events/limit-rules.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { parseAccountStream } from '../../events/streams.ts'
import { parsePrice } from '../../platform/decimal.ts'
import type { Violations } from './violations.ts'

/** Holds the shares of wider limits against each other: never more granted than the limit, never more received than granted. */
export interface LimitCheck {
  noted(events: readonly RecordedEvent[]): void
}

interface Told {
  readonly scope: string
  readonly accountId: string
  readonly key: string
  readonly total: string
}

export const createLimitCheck = (violations: Violations): LimitCheck => {
  const limits = new Map<string, ReadonlyMap<string, string>>()
  const totals = {
    granted: new Map<string, bigint>(),
    free: new Map<string, bigint>(),
    received: new Map<string, bigint>(),
    returned: new Map<string, bigint>(),
  }
  const nameOf = ({ scope, accountId, key }: Told): string => `${scope}|${key}|${accountId}`
  const told = (which: keyof typeof totals, event: Told): void => {
    const total = parsePrice(event.total) ?? 0n
    if (total < (totals[which].get(nameOf(event)) ?? 0n)) violations.add('other', `${which} of ${nameOf(event)} falls to ${event.total}`)
    totals[which].set(nameOf(event), total)
  }
  const of = (which: keyof typeof totals, event: Told): bigint => totals[which].get(nameOf(event)) ?? 0n

  const granted = (event: Told): void => {
    told('granted', event)
    const limit = limits.get(event.scope)?.get(event.key)
    if (limit === undefined) return
    let outstanding = 0n
    for (const [name, total] of totals.granted)
      if (name.startsWith(`${event.scope}|${event.key}|`)) outstanding += total - (totals.free.get(name) ?? 0n)
    if (outstanding > (parsePrice(limit) ?? 0n))
      violations.add('other', `${event.scope}: ${outstanding} of ${event.key} granted, the limit is ${limit}`)
  }
  const note = (event: RecordedEvent): void => {
    const accountId = parseAccountStream(event.streamId)?.accountId
    const data = event.data as Told
    switch (event.type) {
      case 'LimitSet':
        limits.set(data.scope, additiveLimits((event.data as { readonly rules: LimitRules }).rules))
        break
      case 'LimitGranted':
        granted(data)
        break
      case 'LimitReturned':
        told('free', data)
        if (of('free', data) > of('returned', data)) violations.add('other', `${nameOf(data)}: more is free again than was returned`)
        break
      case 'AllotmentReceived': {
        const own = { ...data, accountId: accountId ?? '' }
        told('received', own)
        if (of('received', own) > of('granted', own)) violations.add('other', `${nameOf(own)}: more received than granted`)
        break
      }
      case 'AllotmentReturned': {
        const own = { ...data, accountId: accountId ?? '' }
        told('returned', own)
        if (of('returned', own) > of('received', own)) violations.add('other', `${nameOf(own)}: more returned than received`)
        break
      }
      default:
    }
  }
  return {
    noted: (events) => {
      for (const event of events) note(event)
    },
  }
}
