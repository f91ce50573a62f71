import type { RouteRow } from './route-row.ts'

/** Reads over all accounts of a key. */
export const readRows: readonly RouteRow[] = [
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
