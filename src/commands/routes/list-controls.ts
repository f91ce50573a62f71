import { z } from 'zod'
import { ok, type Route, refuse, route } from '../../platform/http/route.ts'
import { controlDocument } from '../control/control-document.ts'
import type { ScopePorts } from './scope-refusal.ts'

/** GET /v1/controls → every scope that was ever controlled, as this process knows it: what its next decision is held against. */
export const listControlsRoute = ({ rules }: Pick<ScopePorts, 'rules'>): Route =>
  route({
    method: 'GET',
    path: '/v1/controls',
    scope: 'any',
    query: z.strictObject({}),
    handle: async () => {
      if (!rules) return refuse('not_ready', 'this process follows no controls')
      const data = [...rules.controls.all()].sort((a, b) => (a.scope < b.scope ? -1 : 1)).map(controlDocument)
      return ok({ data, asOfPosition: rules.position().toString() })
    },
  })
