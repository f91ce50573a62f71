import { BAD_IDS, type RouteRow } from './route-row.ts'

/** Streams, and reads over all accounts of a key. */
export const readRows = (own: string): readonly RouteRow[] => [
  {
    method: 'GET',
    path: '/v1/accounts/:accountId/stream',
    good: `/v1/accounts/${own}/stream`,
    allowed: 'analyst',
    forbidden: [],
    ofAccount: true,
    unknown: ['/v1/accounts/no-such-account/stream'],
    malformed: [...BAD_IDS.map((id) => `/v1/accounts/${id}/stream`), `/v1/accounts/${own}/stream?models=orders,nothing`],
    query: {},
  },
  {
    method: 'GET',
    path: '/v1/streams/:model',
    good: '/v1/streams/orders',
    allowed: 'analyst',
    forbidden: [],
    ofAccount: false,
    unknown: [],
    malformed: ['/v1/streams/nothing', '/v1/streams/constructor', '/v1/streams/%00'],
    query: {},
  },
  {
    method: 'GET',
    path: '/v1/audit/as-of',
    good: '/v1/audit/as-of?limit=1',
    allowed: 'auditor',
    forbidden: ['trader', 'analyst'],
    ofAccount: false,
    unknown: [],
    malformed: ['/v1/audit/as-of?time=2025-01-01T00:00:00Z'],
    query: { position: 'place', limit: 'limit', cursor: 'cursor' },
  },
]
