import type { BadKind } from './bad-values.ts'
import { ruleRows } from './rule-rows.ts'

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

const READ = { minPosition: 'place' } as const
const LIST = { ...READ, limit: 'limit', cursor: 'cursor' } as const
const BAD_IDS = ['a.b', 'x'.repeat(49), '%00', '..%2f..%2fetc', '%zz', '%F0%9F%92%A9', "a'b", 'a%20b']
const BAD_ORDER_IDS = [
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

/** Every route, for the account `own` and its order `order`. */
export const routeTable = (own: string, order: string): readonly RouteRow[] => {
  const list = (name: string): RouteRow => ({
    method: 'GET',
    path: `/v1/accounts/:accountId/${name}`,
    good: `/v1/accounts/${own}/${name}`,
    allowed: 'analyst',
    forbidden: [],
    ofAccount: true,
    unknown: [`/v1/accounts/no-such-account/${name}`],
    malformed: BAD_IDS.map((id) => `/v1/accounts/${id}/${name}`),
    query: name === 'balances' || name === 'positions' ? READ : LIST,
  })
  return [
    {
      method: 'POST',
      path: '/v1/accounts',
      good: '/v1/accounts',
      allowed: 'trader',
      forbidden: ['analyst', 'auditor', 'operator'],
      ofAccount: true,
      unknown: [],
      malformed: [],
      query: {},
      body: { accountId: { good: own, bad: 'id' } },
    },
    {
      method: 'POST',
      path: '/v1/accounts/:accountId/deposits',
      good: `/v1/accounts/${own}/deposits`,
      allowed: 'trader',
      forbidden: ['analyst', 'auditor', 'operator'],
      ofAccount: true,
      unknown: ['/v1/accounts/no-such-account/deposits'],
      malformed: BAD_IDS.map((id) => `/v1/accounts/${id}/deposits`),
      query: {},
      body: {
        depositId: { good: 'd-bad', bad: 'id' },
        asset: { good: 'USDC', bad: 'text' },
        amount: { good: '1', bad: 'amount' },
      },
    },
    {
      method: 'POST',
      path: '/v1/orders',
      good: '/v1/orders',
      allowed: 'trader',
      forbidden: ['analyst', 'auditor', 'operator'],
      ofAccount: true,
      unknown: [],
      malformed: [],
      query: {},
      body: {
        accountId: { good: own, bad: 'id' },
        clOrdId: { good: 'c-bad', bad: 'id' },
        symbol: { good: 'SOL/USDC', bad: 'text' },
        side: { good: 'buy', bad: 'word' },
        type: { good: 'limit', bad: 'word' },
        quantity: { good: '1', bad: 'amount' },
        price: { good: '1', bad: 'amount' },
        timeInForce: { good: 'gtc', bad: 'word' },
        maxSlippageBps: { good: 50, bad: 'count', optional: true },
        stopPrice: { good: undefined, bad: 'amount', optional: true },
        trailingOffset: { good: undefined, bad: 'amount', optional: true },
        trailingOffsetBps: { good: undefined, bad: 'count', optional: true },
        expireTime: { good: undefined, bad: 'word', optional: true },
        reduceOnly: { good: false, bad: 'flag', optional: true },
        postOnly: { good: false, bad: 'flag', optional: true },
        strategyId: { good: undefined, bad: 'id', optional: true },
      },
    },
    {
      method: 'PUT',
      path: '/v1/dead-man-switch',
      good: '/v1/dead-man-switch',
      allowed: 'trader',
      forbidden: ['analyst', 'auditor', 'operator'],
      ofAccount: true,
      unknown: [],
      malformed: [],
      query: {},
      body: { accountId: { good: own, bad: 'id' }, timeoutMs: { good: 60_000, bad: 'count' } },
    },
    {
      method: 'GET',
      path: '/v1/orders/:orderId',
      good: `/v1/orders/${order}`,
      allowed: 'analyst',
      forbidden: [],
      ofAccount: true,
      unknown: [`/v1/orders/${own}.999999`, '/v1/orders/no-such-account.1'],
      malformed: BAD_ORDER_IDS.map((id) => `/v1/orders/${id}`),
      query: READ,
    },
    {
      method: 'DELETE',
      path: '/v1/orders/:orderId',
      good: `/v1/orders/${order}`,
      allowed: 'trader',
      forbidden: ['analyst', 'auditor', 'operator'],
      ofAccount: true,
      unknown: [`/v1/orders/${own}.999999`, '/v1/orders/no-such-account.1'],
      malformed: BAD_ORDER_IDS.map((id) => `/v1/orders/${id}`),
      query: {},
    },
    {
      method: 'GET',
      path: '/v1/accounts/:accountId/orders/by-client-id/:clOrdId',
      good: `/v1/accounts/${own}/orders/by-client-id/c-1`,
      allowed: 'analyst',
      forbidden: [],
      ofAccount: true,
      unknown: [`/v1/accounts/${own}/orders/by-client-id/no-such`, '/v1/accounts/no-such-account/orders/by-client-id/c-1'],
      malformed: BAD_IDS.flatMap((id) => [`/v1/accounts/${id}/orders/by-client-id/c-1`, `/v1/accounts/${own}/orders/by-client-id/${id}`]),
      query: READ,
    },
    ...['balances', 'orders', 'executions', 'positions', 'ledger', 'lots', 'algos'].map(list),
    {
      method: 'POST',
      path: '/v1/algos',
      good: '/v1/algos',
      allowed: 'trader',
      forbidden: ['analyst', 'auditor', 'operator'],
      ofAccount: true,
      unknown: [],
      malformed: [],
      query: {},
      body: {
        accountId: { good: own, bad: 'id' },
        algoId: { good: 'twap-bad', bad: 'id' },
        kind: { good: 'twap', bad: 'word' },
        symbol: { good: 'SOL/USDC', bad: 'text' },
        side: { good: 'buy', bad: 'word' },
        quantity: { good: '1', bad: 'amount' },
        slices: { good: 4, bad: 'count' },
        durationMs: { good: 60_000, bad: 'count' },
        price: { good: '1', bad: 'amount', optional: true },
        maxSlippageBps: { good: 50, bad: 'count', optional: true },
        strategyId: { good: 's-1', bad: 'id', optional: true },
      },
    },
    ...['pause', 'resume', 'cancel'].map(
      (action): RouteRow => ({
        method: 'POST',
        path: `/v1/algos/:algoRef/${action}`,
        good: `/v1/algos/${own}.no-such/${action}`,
        allowed: 'trader',
        forbidden: ['analyst', 'auditor', 'operator'],
        ofAccount: true,
        unknown: [`/v1/algos/${own}.no-such/${action}`, `/v1/algos/no-such-account.a/${action}`],
        malformed: BAD_IDS.filter((id) => id !== 'a.b').map((id) => `/v1/algos/${own}.${id}/${action}`),
        query: {},
      }),
    ),
    {
      method: 'GET',
      path: '/v1/algos/:algoRef',
      good: `/v1/algos/${own}.ice`,
      allowed: 'analyst',
      forbidden: [],
      ofAccount: true,
      unknown: [`/v1/algos/${own}.no-such`, '/v1/algos/no-such-account.a'],
      malformed: ['/v1/algos/none', ...BAD_IDS.filter((id) => id !== 'a.b').map((id) => `/v1/algos/${own}.${id}`)],
      query: READ,
    },
    { ...list('pnl'), query: READ, malformed: [...list('pnl').malformed, `/v1/accounts/${own}/pnl?method=lifo`] },
    { ...list('exposure'), query: READ },
    {
      method: 'GET',
      path: '/v1/compensations',
      good: '/v1/compensations?state=unresolved',
      allowed: 'any',
      forbidden: [],
      ofAccount: false,
      unknown: [],
      malformed: ['/v1/compensations?state=nonsense', '/v1/compensations/x'],
      query: LIST,
    },
    {
      method: 'GET',
      path: '/v1/operations/:operationId',
      good: `/v1/operations/${own}.-1.open`,
      allowed: 'analyst',
      forbidden: [],
      ofAccount: true,
      // an operation that was never heard of may still arrive: unknown is its answer, not 404
      unknown: [],
      malformed: ['/v1/operations/none', '/v1/operations/%00', '/v1/operations/a.b.c', '/v1/operations/%zz'],
      query: {},
    },
    {
      method: 'GET',
      path: '/v1/candles',
      good: '/v1/candles?symbol=SOL/USDC&interval=1m',
      allowed: 'analyst',
      forbidden: [],
      ofAccount: false,
      unknown: [],
      malformed: [
        '/v1/candles',
        '/v1/candles?symbol=SOL/USDC&interval=2m',
        '/v1/candles?symbol=SOL&interval=1m',
        '/v1/candles?symbol=SOL/USDC&interval=1m&from=yesterday',
      ],
      query: { limit: 'limit', cursor: 'cursor' },
    },
    {
      method: 'GET',
      path: '/v1/status',
      good: '/v1/status',
      allowed: 'any',
      forbidden: [],
      ofAccount: false,
      unknown: [],
      malformed: ['/v1/status/x'],
      query: {},
    },
    {
      method: 'GET',
      path: '/v1/audit/streams/:stream/events',
      good: `/v1/audit/streams/instrument-SOL%2FUSDC/events`,
      allowed: 'auditor',
      forbidden: ['trader', 'analyst'],
      ofAccount: true,
      unknown: [
        '/v1/audit/streams/account-000.no-such-account/events',
        '/v1/audit/streams/$all/events',
        '/v1/audit/streams/nonsense/events',
      ],
      malformed: ['/v1/audit/streams/%00/events', '/v1/audit/streams/%zz/events', `/v1/audit/streams/${'x'.repeat(300)}/events`],
      query: { from: 'place', limit: 'limit', minPosition: 'place' },
    },
    {
      method: 'GET',
      path: '/v1/audit/accounts/:accountId/as-of',
      good: `/v1/audit/accounts/${own}/as-of?time=TODAY`,
      allowed: 'auditor',
      forbidden: ['trader', 'analyst'],
      ofAccount: true,
      unknown: ['/v1/audit/accounts/no-such-account/as-of?position=1', `/v1/audit/accounts/${own}/as-of?position=0`],
      malformed: [
        ...BAD_IDS.map((id) => `/v1/audit/accounts/${id}/as-of?position=1`),
        `/v1/audit/accounts/${own}/as-of`,
        `/v1/audit/accounts/${own}/as-of?position=1&time=2025-01-01T00:00:00Z`,
        `/v1/audit/accounts/${own}/as-of?time=yesterday`,
        `/v1/audit/accounts/${own}/as-of?position=abc`,
      ],
      query: { limit: 'limit', cursor: 'cursor' },
    },
    {
      method: 'GET',
      path: '/v1/audit/orders/:orderId/timeline',
      good: `/v1/audit/orders/${order}/timeline`,
      allowed: 'auditor',
      forbidden: ['trader', 'analyst'],
      ofAccount: true,
      unknown: [`/v1/audit/orders/${own}.999999/timeline`, '/v1/audit/orders/no-such-account.1/timeline'],
      malformed: BAD_ORDER_IDS.map((id) => `/v1/audit/orders/${id}/timeline`),
      query: READ,
    },
    ...ruleRows(own),
  ]
}
