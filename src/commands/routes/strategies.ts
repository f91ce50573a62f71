import { z } from 'zod'
import type { Strategy } from '../../events/strategies.ts'
import type { Grant } from '../../platform/http/grant.ts'
import { ok, type Reply, type RequestContext, type Route, refuse, route } from '../../platform/http/route.ts'
import { changeStrategy } from '../strategy/change-strategy.ts'
import type { StrategyCommand } from '../strategy/decide.ts'
import { ClientId } from './fields.ts'
import type { ReferencePorts } from './reference-ports.ts'
import { ConfigField } from './strategy-config.ts'

/** A strategy belongs to those who trade and to those who operate, and to no single account. */
const MAY_CHANGE = ['trade', 'operate'] as const
const Params = z.object({ strategyId: ClientId })
const None = z.strictObject({})
const Body = z.strictObject({ strategyId: ClientId, config: ConfigField })
const StartBody = z.strictObject({ to: z.enum(['Paper', 'Live']).default('Live') })

/** POST /v1/strategies {strategyId, config} → 201 a Draft; the same again 200; another config is the next version, and a Draft again. */
export const defineStrategyRoute = (ports: ReferencePorts): Route =>
  route({
    method: 'POST',
    path: '/v1/strategies',
    scope: MAY_CHANGE,
    query: None,
    body: Body,
    handle: async (context) => {
      const { strategyId, config } = context.body
      const faulty = forbidden(context.grant) ?? unknownSymbols(ports, config)
      return faulty ?? change(ports, context, { type: 'DefineStrategy', strategyId, config, ...by(context) })
    },
  })

/** POST /v1/strategies/{strategyId}/start {to?} → 200: Live (or Paper), by all states on the way. */
export const startStrategyRoute = (ports: ReferencePorts): Route =>
  route({
    method: 'POST',
    path: '/v1/strategies/:strategyId/start',
    scope: MAY_CHANGE,
    params: Params,
    query: None,
    body: StartBody,
    handle: async (context) => {
      const command = { type: 'StartStrategy', strategyId: context.params.strategyId!, to: context.body.to, ...by(context) } as const
      return forbidden(context.grant) ?? change(ports, context, command)
    },
  })

/** POST /v1/strategies/{strategyId}/pause → 200: its entries stop, its exits pass, until it is started again. */
export const pauseStrategyRoute = (ports: ReferencePorts): Route =>
  route({
    method: 'POST',
    path: '/v1/strategies/:strategyId/pause',
    scope: MAY_CHANGE,
    params: Params,
    query: None,
    handle: (context) => end(ports, context, 'PauseStrategy'),
  })

/** POST /v1/strategies/{strategyId}/stop → 200: as paused, for ever. */
export const stopStrategyRoute = (ports: ReferencePorts): Route =>
  route({
    method: 'POST',
    path: '/v1/strategies/:strategyId/stop',
    scope: MAY_CHANGE,
    params: Params,
    query: None,
    handle: (context) => end(ports, context, 'StopStrategy'),
  })

const end = async (ports: ReferencePorts, context: RequestContext, type: 'PauseStrategy' | 'StopStrategy'): Promise<Reply> =>
  forbidden(context.grant) ?? change(ports, context, { type, strategyId: context.params.strategyId!, ...by(context) })

/** GET /v1/strategies → all of them, as this process knows them. */
export const listStrategiesRoute = ({ rules }: Pick<ReferencePorts, 'rules'>): Route =>
  route({
    method: 'GET',
    path: '/v1/strategies',
    scope: 'read',
    query: None,
    handle: async () => {
      if (!rules) return refuse('not_ready', 'this process follows no strategies')
      const data = [...rules.strategies.all()].sort((a, b) => (a.strategyId < b.strategyId ? -1 : 1)).map(strategyDocument)
      return ok({ data, asOfPosition: rules.position().toString() })
    },
  })

/** GET /v1/strategies/{strategyId} */
export const showStrategyRoute = ({ rules }: Pick<ReferencePorts, 'rules'>): Route =>
  route({
    method: 'GET',
    path: '/v1/strategies/:strategyId',
    scope: 'read',
    params: Params,
    query: None,
    handle: async ({ params }) => {
      if (!rules) return refuse('not_ready', 'this process follows no strategies')
      const strategy = rules.strategies.of(params.strategyId!)
      if (!strategy) return refuse('not_found', 'no such strategy')
      return ok({ data: strategyDocument(strategy), asOfPosition: rules.position().toString() })
    },
  })

const by = ({ grant, receivedAt }: RequestContext) => ({ actor: grant.keyId, time: receivedAt })

const forbidden = ({ accounts }: Grant): Reply | undefined =>
  accounts === '*' ? undefined : refuse('forbidden', 'this key has a grant on single accounts only')

/** `symbols` of a configuration, where it has them, must be instruments. */
const unknownSymbols = ({ instruments }: ReferencePorts, config: Readonly<Record<string, unknown>>): Reply | undefined => {
  if (!Array.isArray(config.symbols)) return undefined
  const unknown = config.symbols.find((symbol) => typeof symbol !== 'string' || !instruments.bySymbol(symbol))
  return unknown === undefined ? undefined : refuse('unknown_symbol', `config.symbols: no instrument ${String(unknown).slice(0, 60)}`)
}

const change = async (ports: ReferencePorts, { correlationId }: RequestContext, command: StrategyCommand): Promise<Reply> => {
  const decided = await changeStrategy(ports, command, { commandId: `strategy-${correlationId}`, correlationId })
  if (decided.kind === 'unavailable') return refuse('not_ready', 'the event store does not answer: look at GET /v1/strategies')
  const { answer, fold } = decided
  if (answer.kind === 'unknown' || !fold.state) return refuse('not_found', 'no such strategy')
  if (answer.kind === 'conflict') return refuse('strategy_state', answer.reason, { extra: { strategy: strategyDocument(fold.state) } })
  // whoever asks this process next is answered by what was just decided
  await ports.rules?.freshness.untilSeen(fold.position)
  return ok({ ...strategyDocument(fold.state), position: fold.position.toString() }, answer.first ? 201 : 200)
}

const strategyDocument = ({ strategyId, state, version, configHash, config, by: actor, at, setBy }: Strategy) => ({
  strategyId,
  state,
  version,
  configHash,
  config,
  by: actor,
  at: new Date(at).toISOString(),
  setBy,
})
