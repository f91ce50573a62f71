import { decodeEvent } from '../../events/decode.ts'
import { evolveLimit, grantOf, type LimitState, NO_LIMIT } from '../../events/limit-book.ts'
import { limitStream } from '../../events/scope.ts'
import type { RecordedEvent } from '../../events/store/event-store.ts'
import { formatPrice } from '../../platform/decimal.ts'
import type { AccountCommand, CommandContext } from '../account/command.ts'
import type { AccountHandler } from '../handler/account-handler.ts'
import { type Exhausted, type Need, shareOf } from '../limits/allotments.ts'
import {
  type Decided,
  decideOnStream,
  readFold,
  type StreamDecision,
  type StreamDeps,
  type StreamFold,
} from '../reference/decide-on-stream.ts'
import { decideGrant, decideReturn } from './decide-grant.ts'

/** Hands shares of wider limits to accounts and takes unused ones back when nothing is left. */
export interface Desk {
  /** Gets what the order needs. The limits that had nothing left; undefined when the store does not answer. */
  provide(accountId: string, needs: readonly Need[], context: CommandContext): Promise<readonly Exhausted[] | undefined>
  /** A scope's limit as of now; undefined when it can't be read. */
  read(scope: string): Promise<StreamFold<LimitState> | undefined>
}

const START: StreamFold<LimitState> = { state: NO_LIMIT, revision: -1n, position: 0n }
/** Holders that are asked to give back before an order is refused: those with the largest shares first. */
const ASKED_AT_MOST = 64
/** Holders who had nothing to give are left alone this long: a burst of orders beyond a limit must not become a storm of questions. */
const BARREN_MS = 250

export const createDesk = (deps: StreamDeps & { readonly handler: Pick<AccountHandler, 'execute'> }): Desk => {
  const { handler, clock } = deps
  const folds = new Map<string, StreamFold<LimitState>>()
  /** When the holders were last asked for nothing. */
  const barren = new Map<string, number>()
  const turns = new Map<string, Promise<unknown>>()

  /** One decision on a scope at a time in this process: others would only conflict with it. */
  const inTurn = <T>(scope: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(scope) ?? Promise.resolve()).then(work, work)
    turns.set(scope, turn)
    return turn
  }
  const decide = async <A>(
    scope: string,
    context: CommandContext,
    decision: (state: LimitState) => StreamDecision<A>,
  ): Promise<Decided<LimitState, A>> => {
    const asking = { commandId: context.commandId, correlationId: context.correlationId, actor: context.actor }
    const from = folds.get(scope) ?? START
    const decided = await decideOnStream<LimitState, A>(deps, asking, { stream: limitStream(scope), from, fold, decide: decision })
    if (decided.kind === 'decided') folds.set(scope, decided.fold)
    return decided
  }
  const tell = (accountId: string, command: AccountCommand, context: CommandContext) =>
    handler.execute(accountId, command, { ...context, commandId: `${command.type}-${deps.ids.uuid()}`, time: clock.now() })

  const deliver = (accountId: string, scope: string, key: string, total: bigint, revision: bigint, context: CommandContext) =>
    tell(
      accountId,
      { type: 'ReceiveAllotment', scope, key, total, grant: { streamId: limitStream(scope), revision: revision.toString() } },
      context,
    )

  const provideOne = async (accountId: string, need: Need, context: CommandContext): Promise<Exhausted | 'provided' | undefined> => {
    const { scope, key } = need
    const ask = () => decide(scope, context, (state) => decideGrant(state, accountId, need, clock.now()))
    let decided = await ask()
    if (decided.kind === 'decided' && decided.answer.kind === 'exhausted') {
      const since = clock.now() - (barren.get(`${scope}|${key}`) ?? Number.NEGATIVE_INFINITY)
      if (since >= BARREN_MS)
        await reclaim(
          accountId,
          need,
          decided.fold.state,
          decided.answer.wanted - (decided.answer.limit - decided.answer.outstanding),
          context,
        )
      decided = await ask()
    }
    if (decided.kind === 'unavailable') return undefined
    const { answer, fold: at } = decided
    if (answer.kind === 'unlimited') return 'provided'
    if (answer.kind === 'exhausted') {
      const setBy = at.state.set?.setBy ?? { streamId: limitStream(scope), revision: '0' }
      return { scope, key, limit: formatPrice(answer.limit), outstanding: formatPrice(answer.outstanding), setBy }
    }
    const delivered = await deliver(accountId, scope, key, answer.total, at.revision, context)
    return delivered.kind === 'answered' ? 'provided' : undefined
  }

  /** Asks the holders for what they do not use, until enough is free. Each gives it up in its own stream first. */
  const reclaim = async (
    asker: string,
    { scope, key }: Need,
    state: LimitState,
    wanted: bigint,
    context: CommandContext,
  ): Promise<void> => {
    const held = (accountId: string): bigint => grantOf(state, key, accountId).granted - grantOf(state, key, accountId).returned
    const holders = [...(state.grants.get(key)?.keys() ?? [])].filter((accountId) => accountId !== asker && held(accountId) > 0n)
    holders.sort((a, b) => (held(b) > held(a) ? 1 : held(b) < held(a) ? -1 : 0))
    let freed = 0n
    for (const accountId of holders.slice(0, ASKED_AT_MOST)) {
      if (freed >= wanted) return
      const { granted } = grantOf(state, key, accountId)
      const asked = await tell(accountId, { type: 'ReturnAllotment', scope, key, granted }, context)
      if (asked.kind !== 'answered' || asked.state.accountId === undefined) continue
      const total = shareOf(asked.state, scope, key).returned
      const noted = await decide(scope, context, (now) => decideReturn(now, accountId, { scope, key, total }, clock.now()))
      if (noted.kind === 'decided') freed += noted.answer
    }
    if (freed === 0n) barren.set(`${scope}|${key}`, clock.now())
  }

  return {
    provide: async (accountId, needs, context) => {
      const exhausted: Exhausted[] = []
      for (const need of needs) {
        const outcome = await inTurn(need.scope, () => provideOne(accountId, need, context))
        if (outcome === undefined) return undefined
        if (outcome !== 'provided') exhausted.push(outcome)
      }
      return exhausted
    },
    read: (scope) => readFold(deps, { stream: limitStream(scope), from: folds.get(scope) ?? START, fold }),
  }
}

/** @throws UnreadableEvent */
const fold = (state: LimitState, recorded: RecordedEvent): LimitState => {
  const event = decodeEvent(recorded)
  const setBy = { streamId: recorded.streamId, revision: recorded.revision.toString() }
  return event.type === 'LimitSet' || event.type === 'LimitGranted' || event.type === 'LimitReturned'
    ? evolveLimit(state, event, setBy)
    : state
}
