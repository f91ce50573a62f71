import type { Route } from '../platform/http/route.ts'
import { asOfRoute } from './as-of-route.ts'
import type { AuditDeps } from './request.ts'
import { streamEventsRoute } from './stream-events-route.ts'
import { timelineRoute } from './timeline-route.ts'

export type { AuditDeps } from './request.ts'

/** What is under /v1/audit. Served by the queries role; the answers come from the log alone; as-of-all-route.ts also reads rows. */
export const auditRoutes = (deps: AuditDeps): readonly Route[] => [streamEventsRoute(deps), asOfRoute(deps), timelineRoute(deps)]
