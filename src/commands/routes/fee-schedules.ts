import { z } from 'zod'
import type { FeeSchedule } from '../../events/fee-book.ts'
import { ok, type Route, refuse, route } from '../../platform/http/route.ts'
import { defineFees } from '../instrument/define-fees.ts'
import { SymbolField } from './fields.ts'
import type { ReferencePorts } from './reference-ports.ts'

/** Half of what a trade brings in: more is a mistyped figure. */
const MOST_BPS = 5_000
const Body = z.strictObject({
  symbol: SymbolField,
  tiers: z
    .array(z.strictObject({ tier: z.number().int().min(0).max(100), bps: z.number().int().min(0).max(MOST_BPS) }))
    .min(1)
    .max(101)
    .refine((tiers) => tiers.every(({ tier }, i) => (i === 0 ? tier === 0 : tier > tiers[i - 1]!.tier)), 'must ascend from tier 0'),
})

/** POST /v1/fee-schedules {symbol, tiers: [{tier, bps}]} → 200: what trades of orders accepted from now on are charged. */
export const defineFeesRoute = (ports: ReferencePorts): Route =>
  route({
    method: 'POST',
    path: '/v1/fee-schedules',
    scope: 'operate',
    query: z.strictObject({}),
    body: Body,
    handle: async ({ body, grant, correlationId, receivedAt }) => {
      if (grant.accounts !== '*') return refuse('forbidden', 'this key has a grant on single accounts only')
      const command = { ...body, actor: grant.keyId, time: receivedAt }
      const decided = await defineFees(ports, command, { commandId: `fees-${correlationId}`, correlationId })
      if (decided.kind === 'unavailable') return refuse('not_ready', 'the event store does not answer: look at GET /v1/fee-schedules')
      const { state, position } = decided.fold
      if (decided.answer === 'unknown' || !state.schedule) return refuse('unknown_symbol', `no instrument ${body.symbol}`)
      // whoever asks this process next is answered by what was just decided
      await ports.rules?.freshness.untilSeen(position)
      return ok({ ...scheduleDocument(state.schedule), position: position.toString() })
    },
  })

/** GET /v1/fee-schedules → the schedules in force, as this process knows them. An instrument without one charges nothing. */
export const listFeesRoute = ({ rules }: Pick<ReferencePorts, 'rules'>): Route =>
  route({
    method: 'GET',
    path: '/v1/fee-schedules',
    scope: 'any',
    query: z.strictObject({}),
    handle: async () => {
      if (!rules) return refuse('not_ready', 'this process follows no fee schedules')
      const data = [...rules.fees.all()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1)).map(scheduleDocument)
      return ok({ data, asOfPosition: rules.position().toString() })
    },
  })

const scheduleDocument = ({ symbol, version, tiers, by, at, setBy }: FeeSchedule) => ({
  symbol,
  version,
  tiers,
  by,
  at: new Date(at).toISOString(),
  setBy,
})
