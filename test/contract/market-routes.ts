import { BAD_IDS, READ, type RouteRow } from './route-row.ts'

/** Routes of algos, for the account `own` and its iceberg `ice`. */
export const algoRoutes = (own: string): readonly RouteRow[] => [
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
]

export const candlesRow: RouteRow = {
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
}
