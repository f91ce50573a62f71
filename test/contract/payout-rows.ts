import type { RouteRow } from './route-row.ts'

const NOT_TRADERS = ['analyst', 'auditor', 'operator'] as const
const BODY = { asset: { good: 'USDC', bad: 'text' }, amount: { good: '1', bad: 'amount' } } as const

/** Routes of withdrawals and transfers, for the account `own` that has asked for withdrawal `w-1` and for transfer `t-1` to `<own>-2`. */
export const payoutRows = (own: string, badIds: readonly string[]): readonly RouteRow[] => {
  const account = `/v1/accounts/${own}`
  const one = (method: 'GET' | 'POST' | 'DELETE', name: string, id: string, rest = ''): RouteRow => ({
    method,
    path: `/v1/accounts/:accountId/${name}/:id${rest}`,
    good: `${account}/${name}/${id}${rest}`,
    allowed: method === 'GET' ? 'analyst' : 'trader',
    forbidden: method === 'GET' ? [] : NOT_TRADERS,
    ofAccount: true,
    unknown: [`${account}/${name}/no-such${rest}`, `/v1/accounts/no-such-account/${name}/${id}${rest}`],
    malformed: badIds.flatMap((bad) => [`${account}/${name}/${bad}${rest}`, `/v1/accounts/${bad}/${name}/${id}${rest}`]),
    query: method === 'GET' ? { minPosition: 'place' } : {},
  })
  return [
    {
      method: 'POST',
      path: '/v1/accounts/:accountId/withdrawals',
      good: `${account}/withdrawals`,
      allowed: 'trader',
      forbidden: NOT_TRADERS,
      ofAccount: true,
      unknown: ['/v1/accounts/no-such-account/withdrawals'],
      malformed: badIds.map((id) => `/v1/accounts/${id}/withdrawals`),
      query: {},
      body: {
        withdrawalId: { good: 'w-bad', bad: 'id' },
        ...BODY,
        destination: { good: 'So11111111111111111111111111111111111111112', bad: 'word' },
      },
    },
    one('GET', 'withdrawals', 'w-1'),
    one('DELETE', 'withdrawals', 'w-1'),
    one('POST', 'withdrawals', 'w-1', '/confirm'),
    {
      method: 'POST',
      path: '/v1/transfers',
      good: '/v1/transfers',
      allowed: 'trader',
      forbidden: NOT_TRADERS,
      ofAccount: true,
      unknown: [],
      malformed: [],
      query: {},
      body: {
        transferId: { good: 't-bad', bad: 'id' },
        from: { good: own, bad: 'id' },
        to: { good: `${own}-2`, bad: 'id' },
        ...BODY,
      },
    },
    one('GET', 'transfers', 't-1'),
  ]
}
