import { correctionRows } from './correction-rows.ts'
import { algoRoutes, candlesRow } from './market-routes.ts'
import { orderRows } from './order-routes.ts'
import { payoutRows } from './payout-rows.ts'
import { readRows } from './read-rows.ts'
import { referenceRows } from './reference-rows.ts'
import { BAD_IDS, BAD_ORDER_IDS, LIST, READ, type RouteRow } from './route-row.ts'
import { ruleRows } from './rule-rows.ts'

export type { RouteRow } from './route-row.ts'

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
    ...orderRows(own, order),
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
    ...['balances', 'orders', 'executions', 'positions', 'ledger', 'lots', 'algos', 'withdrawals', 'transfers', 'corrections'].map(list),
    ...payoutRows(own, BAD_IDS),
    ...correctionRows(own, BAD_IDS),
    ...algoRoutes(own),
    { ...list('pnl'), query: READ, malformed: [...list('pnl').malformed, `/v1/accounts/${own}/pnl?method=lifo`] },
    { ...list('exposure'), query: READ },
    { ...list('performance'), query: READ },
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
      malformed: [
        '/v1/operations/none',
        '/v1/operations/%00',
        '/v1/operations/a.b.c',
        '/v1/operations/a.9999999999999999999.o-1',
        '/v1/operations/%zz',
      ],
      query: {},
    },
    candlesRow,
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
    ...readRows(own),
    ...referenceRows(own),
  ]
}
