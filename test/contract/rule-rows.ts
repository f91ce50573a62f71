import type { RouteRow } from './route-row.ts'

const BAD_SCOPES = ['all', 'account:', 'account:a.b', 'instrument:SOL', 'global:x', '%00', '%zz']

/** Controls, limits, strategies and instruments: what operators set. */
export const ruleRows = (own: string): readonly RouteRow[] => [
  ...['halt', 'reduce', 'resume'].map(
    (action): RouteRow => ({
      method: 'POST',
      path: `/v1/controls/:scope/${action}`,
      good: `/v1/controls/account:${own}/${action}`,
      allowed: 'operator',
      forbidden: ['trader', 'analyst', 'auditor'],
      ofAccount: false,
      unknown: [`/v1/controls/account:no-such-account/${action}`, `/v1/controls/instrument:NO%2FUSDC/${action}`],
      malformed: BAD_SCOPES.map((bad) => `/v1/controls/${bad}/${action}`),
      query: {},
      body: { reason: { good: 'a drill', bad: 'text' } },
    }),
  ),
  {
    method: 'GET',
    path: '/v1/controls',
    good: '/v1/controls',
    allowed: 'any',
    forbidden: [],
    ofAccount: false,
    unknown: [],
    malformed: ['/v1/controls/x'],
    query: {},
  },
  {
    method: 'GET',
    path: '/v1/limits/:scope',
    good: `/v1/limits/account:${own}`,
    allowed: 'analyst',
    forbidden: [],
    ofAccount: true,
    unknown: ['/v1/limits/account:no-such-account', '/v1/limits/instrument:NO%2FUSDC'],
    malformed: BAD_SCOPES.map((bad) => `/v1/limits/${bad}`),
    query: {},
  },
  {
    method: 'PUT',
    path: '/v1/limits/:scope',
    good: `/v1/limits/account:${own}`,
    allowed: 'operator',
    forbidden: ['trader', 'analyst', 'auditor'],
    ofAccount: false,
    // strategyId belongs to an account's scope alone, so a body that has it is refused before an instrument is looked up
    unknown: ['/v1/limits/account:no-such-account'],
    malformed: BAD_SCOPES.map((bad) => `/v1/limits/${bad}`),
    query: {},
    body: {
      strategyId: { good: 's-1', bad: 'id', optional: true },
      openOrders: { good: 10, bad: 'count', optional: true },
      ordersPerMinute: { good: 10, bad: 'count', optional: true },
      priceCollarBps: { good: 100, bad: 'count', optional: true },
    },
  },
]
