import { LIST, READ, type RouteRow } from './route-row.ts'

const NOT_OPERATORS = ['trader', 'analyst', 'auditor'] as const

/** Corrections by hand and reconciliation, for the account `own` with the correction `k-1` that waits for its second actor. */
export const correctionRows = (own: string, badIds: readonly string[]): readonly RouteRow[] => {
  const decide = (action: 'approve' | 'reject'): RouteRow => ({
    method: 'POST',
    path: `/v1/corrections/:correctionRef/${action}`,
    good: `/v1/corrections/${own}.k-1/${action}`,
    allowed: 'operator',
    forbidden: NOT_OPERATORS,
    ofAccount: true,
    unknown: [`/v1/corrections/${own}.no-such/${action}`, `/v1/corrections/no-such-account.k-1/${action}`],
    malformed: badIds.filter((id) => id !== 'a.b').map((id) => `/v1/corrections/${id}/${action}`),
    query: {},
    ...(action === 'reject' ? { body: { reason: { good: 'a drill', bad: 'text' } } } : {}),
  })
  return [
    {
      method: 'POST',
      path: '/v1/corrections',
      good: '/v1/corrections',
      allowed: 'operator',
      forbidden: NOT_OPERATORS,
      ofAccount: true,
      unknown: [],
      malformed: [],
      query: {},
      body: {
        accountId: { good: own, bad: 'id' },
        correctionId: { good: 'k-bad', bad: 'id' },
        asset: { good: 'USDC', bad: 'text' },
        amount: { good: '-1', bad: 'signed' },
        reason: { good: 'a drill', bad: 'text' },
      },
    },
    decide('approve'),
    decide('reject'),
    {
      method: 'GET',
      path: '/v1/corrections/:correctionRef',
      good: `/v1/corrections/${own}.k-1`,
      allowed: 'analyst',
      forbidden: [],
      ofAccount: true,
      unknown: [`/v1/corrections/${own}.no-such`, '/v1/corrections/no-such-account.k-1'],
      malformed: badIds.filter((id) => id !== 'a.b').map((id) => `/v1/corrections/${id}`),
      query: READ,
    },
    {
      method: 'GET',
      path: '/v1/reconciliation',
      good: '/v1/reconciliation?state=open',
      allowed: 'any',
      forbidden: [],
      ofAccount: false,
      unknown: [],
      malformed: ['/v1/reconciliation?state=nonsense', '/v1/reconciliation/x'],
      query: LIST,
    },
  ]
}
