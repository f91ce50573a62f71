import type { BadKind } from './bad-values.ts'

/** One route as the contract has it, with one request that it accepts, from which every bad one is made. */
export interface RouteRow {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** The route as the code names it. */
  readonly path: string
  /** A request of the account `own` that is well-formed. */
  readonly good: string
  /** The key that may; `any`: every valid key. */
  readonly allowed: 'trader' | 'analyst' | 'auditor' | 'operator' | 'any'
  /** Keys whose scopes do not reach. */
  readonly forbidden: readonly ('trader' | 'analyst' | 'auditor' | 'operator')[]
  /** True where the path names an account or order: a key of another account is refused. */
  readonly ofAccount: boolean
  /** The same for ids that do not exist: 404. */
  readonly unknown: readonly string[]
  /** Paths that no id can have: 400, or 404 where no route matches. */
  readonly malformed: readonly string[]
  /** Query parameters and the kinds of bad values they refuse. */
  readonly query: Readonly<Record<string, BadKind>>
  readonly body?: Readonly<Record<string, { readonly good: unknown; readonly bad: BadKind; readonly optional?: boolean }>>
}

export const READ = { minPosition: 'place' } as const
export const LIST = { ...READ, limit: 'limit', cursor: 'cursor' } as const
export const BAD_IDS = ['a.b', 'x'.repeat(49), '%00', '..%2f..%2fetc', '%zz', '%F0%9F%92%A9', "a'b", 'a%20b']

export const BAD_ORDER_IDS = [
  'none',
  'a.0',
  'a.01',
  'a.-1',
  'a.1.1',
  'a.1e3',
  `${'x'.repeat(49)}.1`,
  'a.99999999999999999999',
  ...BAD_IDS.filter((id) => id !== 'a.b'),
]
