import { ID_PATTERN } from './streams.ts'

/** What a control or a limit is about. Its text is `global`, `account:<id>`, `strategy:<id>` or `instrument:<symbol>`. */
export type Scope =
  | { readonly kind: 'global' }
  | { readonly kind: 'account' | 'strategy'; readonly id: string }
  | { readonly kind: 'instrument'; readonly id: string }

const SYMBOL = /^[A-Za-z0-9._-]{1,20}\/[A-Za-z0-9._-]{1,20}$/

/** Reads a scope's text; undefined when it is none. */
export const parseScope = (text: string): Scope | undefined => {
  if (text === 'global') return { kind: 'global' }
  const [, kind, id = ''] = /^(account|strategy|instrument):(.{1,60})$/.exec(text) ?? []
  if (kind === 'account' || kind === 'strategy') return ID_PATTERN.test(id) ? { kind, id } : undefined
  return kind === 'instrument' && SYMBOL.test(id) ? { kind: 'instrument', id } : undefined
}

export const accountScope = (accountId: string): string => `account:${accountId}`
export const strategyScope = (strategyId: string): string => `strategy:${strategyId}`
/** Says something of the strategy's position; any other scope of the account's. */
export const isStrategyScope = (scope: string): boolean => scope.startsWith('strategy:')
export const instrumentScope = (symbol: string): string => `instrument:${symbol}`

/** Stream of a scope's controls: `control-global`, `control-account-<id>` … */
export const controlStream = (scope: string): string => `control-${scope.replace(':', '-')}`

/** The scope whose controls a stream holds; undefined for any other stream. */
export const scopeOfControl = (streamId: string): string | undefined => {
  const [, name] = /^control-(.+)$/.exec(streamId) ?? []
  return name?.replace('-', ':')
}

/** The scope of the instrument or strategy whose own stream this is; undefined for any other stream. */
export const scopeOfStanding = (streamId: string): string | undefined => {
  const [, kind, name = ''] = /^(instrument|strategy)-(.+)$/.exec(streamId) ?? []
  if (kind === undefined) return undefined
  return kind === 'instrument' ? instrumentScope(name) : strategyScope(name)
}

/** Stream of a limit wider than an account: `limit-global`, `limit-strategy-<id>` … */
export const limitStream = (scope: string): string => `limit-${scope.replace(':', '-')}`
