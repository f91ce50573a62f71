import type { RouteRow } from './route-table.ts'

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
      malformed: ['all', 'account:', 'account:a.b', 'instrument:SOL', 'global:x', '%00', '%zz'].map(
        (bad) => `/v1/controls/${bad}/${action}`,
      ),
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
]
