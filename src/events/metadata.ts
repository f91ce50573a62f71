import { z } from 'zod'

/** Carried by every domain event. No personal data: `actor` is a key id or the name of a role. */
export const EventMetadata = z.object({
  $correlationId: z.string(),
  $causationId: z.string(),
  /** Id of the command that decided the event; all events of one decision share it. */
  commandId: z.string(),
  actor: z.string(),
  /** Version of the event's schema; older ones are upcast on read. */
  schema: z.number().int().positive(),
  /** Clock reading of the deciding process, ms since the epoch; the decision's own time is `at` in the data. */
  clock: z.number().int(),
  traceparent: z.string().optional(),
})
export type EventMetadata = z.infer<typeof EventMetadata>
