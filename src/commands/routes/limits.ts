import { z } from 'zod'
import { LimitRules } from '../../events/limit-rules.ts'
import { limitStream, parseScope, type Scope } from '../../events/scope.ts'
import { formatPrice, parsePrice } from '../../platform/decimal.ts'
import { ok, type Reply, type RequestContext, type Route, refuse, route } from '../../platform/http/route.ts'
import type { AccountState } from '../account/state.ts'
import type { Desk } from '../allotment/desk.ts'
import { decideOnStream, type StreamDeps } from '../reference/decide-on-stream.ts'
import { existing } from './existing.ts'
import { AssetField, ClientId, PositiveDecimal, ScopeField, SymbolField } from './fields.ts'
import { executeAndShow } from './respond.ts'
import { type ScopePorts, scopeRefusal } from './scope-refusal.ts'

export type LimitPorts = ScopePorts & StreamDeps & { readonly desk: Desk }

const Params = z.object({ scope: ScopeField })
const canonical = (text: string): string => formatPrice(parsePrice(text) ?? 0n)
const Decimal = PositiveDecimal.refine((text) => parsePrice(text) !== undefined, 'must have at most 12 decimals').transform(canonical)
const Count = z.number().int().min(0).max(1_000_000)
const Body = z.strictObject({
  strategyId: ClientId.optional(),
  orderNotional: z.record(AssetField, Decimal).optional(),
  openNotional: z.record(AssetField, Decimal).optional(),
  position: z.record(SymbolField, Decimal).optional(),
  openOrders: Count.optional(),
  ordersPerMinute: Count.optional(),
  dailyLoss: z.record(AssetField, Decimal).optional(),
  priceCollarBps: z.number().int().min(1).max(10_000).optional(),
})

/** PUT /v1/limits/{scope} → 200: these limits replace the ones before; a strategyId in an account's scope sets its strategy's within the account. */
export const setLimitsRoute = (ports: LimitPorts): Route =>
  route({
    method: 'PUT',
    path: '/v1/limits/:scope',
    scope: 'risk:admin',
    params: Params,
    body: Body,
    handle: async (context) => {
      const scope = parseScope(context.params.scope!) as Scope
      const { strategyId, ...given } = context.body
      if (strategyId !== undefined && scope.kind !== 'account') return invalid('strategyId', 'only in the scope of an account')
      if (scope.kind !== 'account' && given.dailyLoss !== undefined)
        return invalid('dailyLoss', 'only for an account or its strategy: a loss is not asked for, so it cannot be handed out in shares')
      const refused = await scopeRefusal(ports, context.grant, scope)
      if (refused) return refused
      const rules = LimitRules.parse(given)
      return scope.kind === 'account' ? setOfAccount(ports, context, scope.id, strategyId ?? null, rules) : setWide(ports, context, rules)
    },
  })

const setOfAccount = (
  ports: LimitPorts,
  request: RequestContext,
  accountId: string,
  strategyId: string | null,
  rules: LimitRules,
): Promise<Reply> =>
  executeAndShow(ports, accountId, `limits-${request.correlationId}`, { type: 'SetLimits', strategyId, rules }, request, ofAccount)

const setWide = async (
  ports: LimitPorts,
  { params, correlationId, grant, receivedAt }: RequestContext,
  rules: LimitRules,
): Promise<Reply> => {
  const scope = params.scope!
  const before = await ports.desk.read(scope)
  if (!before) return refuse('not_ready', 'the event store does not answer')
  const event = { type: 'LimitSet', data: { scope, rules, by: grant.keyId, at: receivedAt } }
  const asking = { commandId: `limits-${correlationId}`, correlationId, actor: grant.keyId }
  const decided = await decideOnStream(ports, asking, {
    stream: limitStream(scope),
    from: before,
    fold: (state) => state,
    decide: () => ({ events: [event], answer: undefined }),
  })
  if (decided.kind === 'unavailable') return refuse('not_ready', 'the event store does not answer')
  if (ports.rules) await ports.rules.freshness.untilSeen(decided.fold.position)
  return ok({ scope, limits: [{ strategyId: null, rules }], position: decided.fold.position.toString() })
}

/** GET /v1/limits/{scope} → the limits in force with the event that set them, and what is granted or used of them. */
export const showLimitsRoute = (ports: LimitPorts): Route =>
  route({
    method: 'GET',
    path: '/v1/limits/:scope',
    scope: 'read',
    params: Params,
    query: z.strictObject({}),
    handle: async ({ params, grant }) => {
      const scope = parseScope(params.scope!) as Scope
      const refused = await scopeRefusal(ports, grant, scope)
      if (refused) return refused
      const asOfPosition = (ports.rules?.position() ?? 0n).toString()
      if (scope.kind === 'account') return existing(ports, scope.id, (state) => ok({ data: ofAccount(state), asOfPosition }))
      const limit = await ports.desk.read(params.scope!)
      if (!limit) return refuse('not_ready', 'the event store does not answer')
      const { set, outstanding } = limit.state
      const limits = set ? [{ strategyId: null, rules: set.rules, setBy: set.setBy }] : []
      const granted = Object.fromEntries([...outstanding].map(([key, units]) => [key, formatPrice(units)]))
      return ok({ data: { scope: params.scope, limits, granted }, asOfPosition: limit.position.toString() })
    },
  })

const ofAccount = (state: AccountState) => ({
  scope: `account:${state.accountId}`,
  limits: [...state.risk.limits].map(([strategyId, { rules, setBy }]) => ({
    strategyId: strategyId === '' ? null : strategyId,
    rules,
    setBy,
  })),
  shares: [...state.risk.shares].map(([of, { received, returned }]) => {
    const [scope = '', key = ''] = of.split('|')
    return { scope, key, held: formatPrice(received - returned) }
  }),
})

const invalid = (field: string, reason: string): Reply =>
  refuse('invalid_request', `the body is not valid: ${field} ${reason}`, { errors: [{ field, reason }] })
