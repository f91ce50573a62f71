import type { AccountCommand } from '../../src/commands/account/command.ts'
import { createDesk } from '../../src/commands/allotment/desk.ts'
import { changeControl } from '../../src/commands/control/change-control.ts'
import type { InstrumentCommand } from '../../src/commands/instrument/decide-instrument.ts'
import { defineFees } from '../../src/commands/instrument/define-fees.ts'
import { defineInstrument } from '../../src/commands/instrument/define-instrument.ts'
import { changeStrategy } from '../../src/commands/strategy/change-strategy.ts'
import type { StrategyCommand } from '../../src/commands/strategy/decide.ts'
import { LimitRules } from '../../src/events/limit-rules.ts'
import { referenceEvent } from '../../src/events/log-identity.ts'
import type { ControlState } from '../../src/events/reference/control-events.ts'
import type { EventStore } from '../../src/events/store/event-store.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Ids } from '../../src/platform/ids.ts'
import { tellRepair } from '../../src/projections/verification/tell-repairs.ts'
import { completeRun } from '../../src/settlement/reconciliation/complete-run.ts'
import { USDC } from '../unit/commands/account-story.ts'

interface RuleTeller {
  readonly store: EventStore
  readonly clock: Clock
  readonly ids: Ids
  does(command: AccountCommand): Promise<void>
}

/** Stories of what comes from outside an account: controls, limits, and what the read side found out about itself. */
export const RULE_STORIES: readonly { readonly name: string; tell(teller: RuleTeller): Promise<void> }[] = [
  {
    name: 'reconciliation',
    tell: async (deps) => {
      const run = { group: 0, windowMs: 300_000, accounts: 7, balances: 21, inFlight: 1, diverged: 1, slot: 99, at: deps.clock.now() }
      for (const window of [5_666_666, 5_666_666, 5_666_667]) await completeRun(deps, { ...run, runId: `0-${window}`, window })
    },
  },
  {
    name: 'controls',
    tell: async (deps) => {
      const control = async (actor: string, to: ControlState): Promise<void> => {
        const command = { scope: 'instrument:SOL/USDC', to, reason: 'a drill', actor, time: deps.clock.now() }
        await changeControl(deps, command, { commandId: `${actor}-${to}`, correlationId: 'drill' })
      }
      await control('k1', 'REDUCING')
      await control('k1', 'HALTED')
      await control('k1', 'ACTIVE')
      await control('k2', 'ACTIVE')
    },
  },
  {
    name: 'fee-schedules',
    tell: async (deps) => {
      const symbol = 'ORCA/USDC'
      const define = (change: Partial<InstrumentCommand>) =>
        defineInstrument(deps, { symbol, others: [], ...change }, { commandId: JSON.stringify(change), correlationId: 'orca', actor: 'k1' })
      const steps = { tickSize: '0.001', lotSize: '0.1' }
      await define({ baseMint: 'MintORCA', baseDecimals: 6, quoteMint: USDC.mint, quoteDecimals: USDC.decimals, ...steps })
      for (const status of ['reduce_only', 'halted', 'trading'] as const) await define({ status })
      await define({ tickSize: '0.0001', baseDecimals: 9 })
      for (const bps of [10, 10, 8]) {
        const tiers = [
          { tier: 0, bps },
          { tier: 2, bps: bps / 2 },
        ]
        const command = { symbol, tiers, actor: 'k1', time: deps.clock.now() }
        await defineFees(deps, command, { commandId: `fees-${bps}`, correlationId: 'fees' })
      }
    },
  },
  {
    name: 'strategies',
    tell: async (deps) => {
      const told = (command: Pick<StrategyCommand, 'type'> & Partial<StrategyCommand>) =>
        changeStrategy(deps, { strategyId: 'grid', actor: 'k1', time: deps.clock.now(), ...command } as StrategyCommand, {
          commandId: JSON.stringify(command),
          correlationId: 'grid',
        })
      await told({ type: 'DefineStrategy', config: { symbols: ['SOL/USDC'], step: '0.5' } })
      await told({ type: 'StartStrategy', to: 'Live' })
      await told({ type: 'PauseStrategy' })
      await told({ type: 'DefineStrategy', config: { symbols: ['SOL/USDC'], step: '0.25' } })
      await told({ type: 'StartStrategy', to: 'Paper' })
      await told({ type: 'StopStrategy' })
    },
  },
  {
    name: 'limits',
    tell: async (deps) => {
      const { does, store } = deps
      await does({ type: 'OpenAccount', accountId: 'limits' })
      const execute = async (_account: string, command: AccountCommand) => {
        await does(command)
        return { kind: 'answered' } as never
      }
      const desk = createDesk({ ...deps, handler: { execute } })
      const rules = LimitRules.parse({ openOrders: 5, position: { 'SOL/USDC': '10' }, dailyLoss: { USDC: '100' }, priceCollarBps: 300 })
      await does({ type: 'SetLimits', strategyId: null, rules })
      await does({ type: 'SetLimits', strategyId: 'strat', rules: LimitRules.parse({ ordersPerMinute: 3 }) })
      const wide = { scope: 'global', rules: LimitRules.parse({ openNotional: { USDC: '1000' } }), by: 'k1', at: deps.clock.now() }
      await store.append('limit-global', 'no_stream', [referenceEvent('set-limit', 'LimitSet', wide, 'k1', deps.clock.now())])
      const context = { commandId: 'o-1', correlationId: 'o-1', causationId: 'o-1', actor: 'golden', time: deps.clock.now() }
      const need = { scope: 'global', key: 'openNotional USDC', missing: 10n ** 14n, received: 0n }
      await desk.provide('limits', [need], context)
      await does({ type: 'ReturnAllotment', scope: need.scope, key: need.key, granted: 0n })
      const returned = { scope: 'global', accountId: 'limits', key: need.key, total: '115.625', at: deps.clock.now() }
      await store.append('limit-global', 1n, [referenceEvent('returned', 'LimitReturned', returned, 'k1', deps.clock.now())])
    },
  },
  {
    name: 'repaired',
    tell: async ({ does, store, clock }) => {
      await does({ type: 'OpenAccount', accountId: 'repaired' })
      const found = { shard: 0, firstPosition: '100', repairedPosition: '0', rows: ['accounts repaired'], wrongRows: 1 }
      await tellRepair(store, clock, { commandId: 'repair/golden', accountId: 'repaired', data: found })
    },
  },
]
