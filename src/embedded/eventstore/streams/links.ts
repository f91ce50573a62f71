import { dataOf, type StoredEvent, typeOf } from '../log/record.ts'
import { readEvent } from './cursor.ts'
import { readableRange } from './readable.ts'
import type { Store } from './store.ts'
import { isDurablyTombstoned } from './stream-index.ts'

const LINK_TYPE = '$>'
const LINK_TARGET = /^(\d+)@(.+)$/s

export const isLink = (event: StoredEvent): boolean => typeOf(event) === LINK_TYPE

/** The event that a link ("revision@stream") points to; undefined when it is gone. */
export const resolveLink = async (store: Store, link: StoredEvent): Promise<StoredEvent | undefined> => {
  const target = LINK_TARGET.exec(dataOf(link).toString('utf8'))
  if (target === null) return undefined
  const stream = target[2]!
  const revision = Number(target[1])
  if (isDurablyTombstoned(store.index, stream)) return undefined
  const range = readableRange(store, stream)
  if (range === undefined || revision < range.lowest) return undefined
  const position = range.state.positions[revision]
  if (position === undefined) return undefined
  const event = await readEvent(store, position)
  return range.isExpired(event) ? undefined : event
}
