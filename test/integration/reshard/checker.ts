import type { EventStore } from '../../../src/events/store/event-store.ts'
import { accountHistory, append } from '../projections/history.ts'

/** What a reader was told, to be judged once all positions are known. */
interface Observation {
  readonly accountId: string
  readonly minPosition: bigint
  readonly asOf: bigint
  readonly usdc: bigint
}

export interface Verdict {
  readonly reads: number
  /** Answers that are not what the log says at their own position, or are older than what was asked for. */
  readonly wrong: number
  /** 503 and the like: no answer at all. */
  readonly refused: number
  /** The same by `<phase> · <status> <code>: <detail>`, numbers left out. */
  readonly refusals: Readonly<Record<string, number>>
  readonly written: number
  readonly examples: readonly string[]
}

export interface CheckerOptions {
  readonly pauseMs: number
  readonly readers: number
  /** What is being done to the read side now: refused reads are told by it. */
  readonly phase: () => string
}

export interface Answered {
  readonly status: number
  readonly body: Record<string, unknown> & { readonly data?: unknown }
}

/**
 * Writers that credit one unit at a time, and readers that ask for balances meanwhile. The right answer at any position is the number of
 * credits up to it, so that each answer can be judged by the position that it states.
 */
export const startChecker = async (
  store: EventStore,
  accounts: readonly string[],
  get: (path: string) => Promise<Answered>,
  { pauseMs = 10, readers = 2, phase = () => '' }: Partial<CheckerOptions> = {},
) => {
  const books = new Map<string, { revision: bigint; last: bigint; base: bigint; credits: bigint[] }>()
  for (const [n, accountId] of accounts.entries()) {
    const history = accountHistory(accountId, 7_000 + n, 3)
    const { commit } = await append(store, accountId, history)
    const revision = BigInt(history.reduce((sum, one) => sum + one.length, 0)) - 1n
    books.set(accountId, { revision, last: commit, base: -1n, credits: [] })
  }
  const observations: Observation[] = []
  const refusals = new Map<string, number>()
  let over = false
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pauseMs))

  const writer = async (accountId: string): Promise<void> => {
    const book = books.get(accountId)!
    for (let n = 0; !over; n++) {
      const data = { depositId: `live-${n}`, asset: 'USDC', amount: '1', signature: `s-${n}`, tokenAccount: 't', at: 1_800_000_000_000 + n }
      const { commit } = await append(store, accountId, [[{ type: 'FundsCredited', data }]], book.revision)
      book.revision++
      book.credits.push(commit)
      book.last = commit
      await pause()
    }
  }
  const read = async (accountId: string, minPosition: bigint): Promise<void> => {
    const asked = phase()
    const { status, body } = await get(`/v1/accounts/${accountId}/balances?minPosition=${minPosition}`).catch(unanswered)
    if (status !== 200) {
      const during = phase() === asked ? asked : `${asked} to ${phase()}`
      const told = `${during} · ${status} ${body.code}: ${String(body.detail).replaceAll(/\d+/g, 'n')}`
      refusals.set(told, (refusals.get(told) ?? 0) + 1)
      return
    }
    const row = (body.data as { asset: string; settled: string }[]).find(({ asset }) => asset === 'USDC')
    const usdc = BigInt(Math.round(Number(row?.settled ?? 0) * 1e6))
    observations.push({ accountId, minPosition, asOf: BigInt(String(body.asOfPosition)), usdc })
  }
  // before any credit: what all later answers are counted from
  for (const accountId of accounts) {
    await read(accountId, books.get(accountId)!.last)
    const first = observations.pop()
    if (!first) throw new Error(`the first read of ${accountId} was refused`)
    books.get(accountId)!.base = first.usdc
  }
  const reader = async (n: number): Promise<void> => {
    for (let at = n; !over; at++) {
      const accountId = accounts[at % accounts.length]!
      await read(accountId, asking(books.get(accountId)!, at % 3))
      if (at % 8 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const running = Promise.all([...accounts.map(writer), ...Array.from({ length: readers }, (_, n) => reader(n))])

  return {
    reads: () => observations.length,
    end: async (): Promise<Verdict> => {
      over = true
      await running
      const examples: string[] = []
      let wrong = 0
      for (const { accountId, minPosition, asOf, usdc } of observations) {
        const { base, credits } = books.get(accountId)!
        const right = base + BigInt(credits.filter((position) => position <= asOf).length)
        if (usdc === right && asOf >= minPosition) continue
        wrong++
        if (examples.length < 5) examples.push(`${accountId} as of ${asOf} (asked ${minPosition}): ${usdc}, right is ${right}`)
      }
      const written = [...books.values()].reduce((sum, { credits }) => sum + credits.length, 0)
      const refused = [...refusals.values()].reduce((sum, one) => sum + one, 0)
      return { reads: observations.length, wrong, refused, refusals: Object.fromEntries(refusals), written, examples }
    },
  }
}

/** A position of a moment ago may be had from a replica too, the newest hardly ever. */
const A_MOMENT = 10
const asking = ({ last, credits }: { readonly last: bigint; readonly credits: readonly bigint[] }, turn: number): bigint =>
  turn === 0 ? 0n : turn === 1 ? last : (credits.at(-A_MOMENT) ?? last)

const unanswered = (error: unknown): Answered => ({ status: 0, body: { code: 'no answer', detail: String(error) } })
