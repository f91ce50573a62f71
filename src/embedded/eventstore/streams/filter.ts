import { type StoredEvent, streamNameOf, typeOf } from '../log/record.ts'

export type EventFilter = (event: StoredEvent) => boolean

export interface FilterExpression {
  readonly on: 'stream' | 'type'
  /** Used when not empty; otherwise the prefixes are. */
  readonly regex: string
  readonly prefixes: readonly string[]
}

/** Throws SyntaxError when the regular expression is not valid. */
export const createFilter = ({ on, regex, prefixes }: FilterExpression): EventFilter => {
  const subject = on === 'stream' ? streamNameOf : typeOf
  if (regex !== '') {
    const pattern = new RegExp(regex)
    return (event) => pattern.test(subject(event))
  }
  return (event) => {
    const value = subject(event)
    return prefixes.some((prefix) => value.startsWith(prefix))
  }
}
