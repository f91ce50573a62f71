import { accountStream } from '../../events/streams.ts'
import type { Executed } from './account-handler.ts'
import type { Asked } from './decide-batch.ts'

/** A command in a mailbox, until it is answered. */
export interface Letter extends Asked {
  /** Clock reading when it came in, ms. */
  readonly since: number
  readonly answer: (executed: Executed) => void
  readonly fail: (error: unknown) => void
  answered: boolean
}

/** The commands of one account in this process, decided in the order in which they came. */
export interface Mailbox {
  readonly accountId: string
  /** The account's stream; its name costs a hash, taken once. */
  readonly stream: string
  /** Not decided, or decided anew after a conflict. */
  waiting: Letter[]
  /** In an append whose outcome is not known yet. */
  inFlight: readonly Letter[]
  /** Revision at which the append in flight is expected. */
  expected: bigint
}

/** A client waits no longer than this for an answer; then it is told how to ask for the outcome. */
export const DEADLINE_MS = 5_000

export const openMailbox = (accountId: string): Mailbox => ({
  accountId,
  stream: accountStream(accountId),
  waiting: [],
  inFlight: [],
  expected: -1n,
})

export const operationIdOf = (accountId: string, expected: bigint, commandId: string): string => `${accountId}.${expected}.${commandId}`

/** Answers what has waited too long: `unknown` when its append is under way, `unavailable` when nothing was appended and nothing will be. */
export const expireLetters = (box: Mailbox, now: number): number => {
  const late = (letter: Letter): boolean => !letter.answered && now - letter.since >= DEADLINE_MS
  for (const letter of box.inFlight.filter(late))
    settle(letter, { kind: 'unknown', operationId: operationIdOf(box.accountId, box.expected, letter.context.commandId) })
  const expired = box.waiting.filter(late)
  if (expired.length === 0) return 0
  box.waiting = box.waiting.filter((letter) => !late(letter))
  for (const letter of expired) settle(letter, { kind: 'unavailable', detail: 'the event store did not answer in time' })
  return expired.length
}

/** Gives a letter its one answer. */
export const settle = (letter: Letter, executed: Executed): void => {
  if (letter.answered) return
  letter.answered = true
  letter.answer(executed)
}
