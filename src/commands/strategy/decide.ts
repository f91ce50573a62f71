import { createHash } from 'node:crypto'
import type { StrategyState } from '../../events/reference/strategy-events.ts'
import type { Strategy, StrategyEvent } from '../../events/strategies.ts'

interface By {
  readonly strategyId: string
  readonly actor: string
  readonly time: number
}

export type StrategyCommand =
  | (By & { readonly type: 'DefineStrategy'; readonly config: Readonly<Record<string, unknown>> })
  | (By & { readonly type: 'StartStrategy'; readonly to: 'Paper' | 'Live' })
  | (By & { readonly type: 'PauseStrategy' | 'StopStrategy' })

export type StrategyAnswer =
  | { readonly kind: 'strategy'; readonly first: boolean }
  | { readonly kind: 'unknown' }
  /** Its state does not allow it. */
  | { readonly kind: 'conflict'; readonly reason: string }

export interface StrategyDecision {
  readonly events: readonly StrategyEvent[]
  readonly answer: StrategyAnswer
}

/** What a strategy does about a command. What is so already appends nothing. */
export const decideStrategy = (strategy: Strategy | undefined, command: StrategyCommand): StrategyDecision => {
  if (command.type === 'DefineStrategy') return define(strategy, command)
  if (!strategy) return { events: [], answer: { kind: 'unknown' } }
  switch (command.type) {
    case 'StartStrategy':
      return start(strategy, command)
    case 'PauseStrategy':
      return strategy.state === 'Live' || strategy.state === 'Paused'
        ? move(strategy, ['Paused'], command)
        : conflict(strategy, 'be paused')
    case 'StopStrategy':
      return move(strategy, ['Stopped'], command)
    default:
      return command satisfies never
  }
}

/** A configuration changes while nothing trades by it. */
const CONFIGURABLE: ReadonlySet<StrategyState> = new Set(['Draft', 'Validated', 'Paper', 'Paused'])

const define = (
  before: Strategy | undefined,
  { strategyId, config, actor, time }: Extract<StrategyCommand, { type: 'DefineStrategy' }>,
): StrategyDecision => {
  const configHash = configHashOf(config)
  if (before?.configHash === configHash) return { events: [], answer: { kind: 'strategy', first: false } }
  if (before && !CONFIGURABLE.has(before.state)) return conflict(before, 'get another configuration')
  const data = { strategyId, version: (before?.version ?? 0) + 1, config, configHash, by: actor, at: atLeast(before, time) }
  return { events: [{ type: 'StrategyDefined', data }], answer: { kind: 'strategy', first: before === undefined } }
}

const PATH: readonly StrategyState[] = ['Draft', 'Validated', 'Paper', 'Live']

/** Every state on the way is an event of its own, in one append. */
const start = (strategy: Strategy, command: Extract<StrategyCommand, { type: 'StartStrategy' }>): StrategyDecision => {
  const { to } = command
  if (strategy.state === 'Paused') return to === 'Live' ? move(strategy, ['Live'], command) : conflict(strategy, 'become Paper')
  const [from, target] = [PATH.indexOf(strategy.state), PATH.indexOf(to)]
  if (from < 0 || target < from) return conflict(strategy, `become ${to}`)
  return move(strategy, PATH.slice(from + 1, target + 1), command)
}

const move = (strategy: Strategy, states: readonly StrategyState[], { actor, time }: By): StrategyDecision => {
  const { strategyId, version, configHash } = strategy
  const changed = states.filter((state) => state !== strategy.state)
  const at = atLeast(strategy, time)
  return {
    events: changed.map((state) => ({ type: 'StrategyStateSet', data: { strategyId, state, version, configHash, by: actor, at } })),
    answer: { kind: 'strategy', first: false },
  }
}

const conflict = ({ strategyId, state }: Strategy, what: string): StrategyDecision => ({
  events: [],
  answer: { kind: 'conflict', reason: `${strategyId} is ${state}: it cannot ${what}` },
})

const atLeast = (before: Strategy | undefined, time: number): number => Math.max(time, before?.at ?? 0)

/** The same whatever order the keys came in. */
export const configHashOf = (config: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(config)), 'utf8')
    .digest('hex')

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]))
}
