import type { InstrumentBook } from '../events/instruments.ts'
import type { HealthBoard } from '../platform/health.ts'
import type { Route } from '../platform/http/route.ts'
import { createDesk } from './allotment/desk.ts'
import { withAllotments } from './allotment/with-allotments.ts'
import type { AccountHandler } from './handler/account-handler.ts'
import { type AccountHandlerDeps, createAccountHandler } from './handler/create-handler.ts'
import { warmStart } from './handler/warm-start.ts'
import { changeAlgoRoutes, startAlgoRoute } from './routes/algos.ts'
import { cancelOrderRoute } from './routes/cancel-order.ts'
import { haltRoute, reduceRoute, resumeRoute } from './routes/change-control.ts'
import { approveCorrectionRoute, rejectCorrectionRoute, requestCorrectionRoute } from './routes/corrections.ts'
import { deadManSwitchRoute } from './routes/dead-man-switch.ts'
import { defineFeesRoute, listFeesRoute } from './routes/fee-schedules.ts'
import { setFeeTierRoute, showFeeTierRoute } from './routes/fee-tier.ts'
import { defineInstrumentRoute, listInstrumentsRoute } from './routes/instruments.ts'
import { setLimitsRoute, showLimitsRoute } from './routes/limits.ts'
import { listControlsRoute } from './routes/list-controls.ts'
import { massCancelRoute } from './routes/mass-cancel.ts'
import { openAccountRoute } from './routes/open-account.ts'
import { placeListRoute } from './routes/place-list.ts'
import { placeOrderRoute } from './routes/place-order.ts'
import { previewOrderRoute } from './routes/preview-order.ts'
import type { QuoteSource } from './routes/quote-source.ts'
import { replaceOrderRoute } from './routes/replace-order.ts'
import { requestDepositRoute } from './routes/request-deposit.ts'
import { requestTransferRoute } from './routes/request-transfer.ts'
import { showOperationRoute } from './routes/show-operation.ts'
import {
  defineStrategyRoute,
  listStrategiesRoute,
  pauseStrategyRoute,
  showStrategyRoute,
  startStrategyRoute,
  stopStrategyRoute,
} from './routes/strategies.ts'
import { withdrawRequestRoute } from './routes/withdraw-request.ts'
import { cancelWithdrawalRoute, confirmWithdrawalRoute, requestWithdrawalRoute } from './routes/withdrawals.ts'

export interface CommandsRoleDeps extends AccountHandlerDeps {
  readonly instruments: InstrumentBook
  readonly quotes: QuoteSource
  readonly health: HealthBoard
}

export interface CommandsRole {
  readonly routes: readonly Route[]
  /** The process's one handler: settlement in the same process works through it. */
  readonly handler: AccountHandler
  close(): Promise<void>
}

/** The write side over HTTP. The caller owns the ports and serves the routes. Ready when the accounts last active are loaded. */
export const startCommandsRole = (deps: CommandsRoleDeps): CommandsRole => {
  const plain = createAccountHandler(deps)
  const desk = createDesk({ ...deps, handler: plain })
  const handler = withAllotments(plain, desk)
  const ports = { ...deps, handler, desk }
  deps.health.register('instruments', () =>
    deps.instruments.all().length > 0 ? { ready: true } : { ready: false, detail: 'no instrument is known yet' },
  )
  const stop = new AbortController()
  const warm = warmStart(deps, handler, stop.signal)
  let cold = true
  void warm.over.then(() => (cold = false))
  deps.health.register('accounts', () => {
    const progress = warm.progress()
    if (!cold) return { ready: true }
    return {
      ready: false,
      detail: progress ? `${progress.done} of the ${progress.of} accounts last active are loaded` : 'looking for accounts',
    }
  })
  return {
    routes: [
      placeOrderRoute(ports),
      placeListRoute(ports),
      previewOrderRoute(ports),
      replaceOrderRoute(ports),
      cancelOrderRoute(ports),
      withdrawRequestRoute(ports),
      massCancelRoute(ports),
      deadManSwitchRoute(ports),
      startAlgoRoute(ports),
      ...changeAlgoRoutes(ports),
      openAccountRoute(ports),
      requestDepositRoute(ports),
      requestWithdrawalRoute(ports),
      confirmWithdrawalRoute(ports),
      cancelWithdrawalRoute(ports),
      requestTransferRoute(ports),
      requestCorrectionRoute(ports),
      approveCorrectionRoute(ports),
      rejectCorrectionRoute(ports),
      showOperationRoute(ports),
      haltRoute(ports),
      reduceRoute(ports),
      resumeRoute(ports),
      listControlsRoute(ports),
      setLimitsRoute(ports),
      showLimitsRoute(ports),
      defineInstrumentRoute(ports),
      listInstrumentsRoute(ports),
      defineStrategyRoute(ports),
      startStrategyRoute(ports),
      pauseStrategyRoute(ports),
      stopStrategyRoute(ports),
      listStrategiesRoute(ports),
      showStrategyRoute(ports),
      defineFeesRoute(ports),
      listFeesRoute(ports),
      setFeeTierRoute(ports),
      showFeeTierRoute(ports),
    ],
    handler,
    close: () => {
      stop.abort(new Error('the role closes'))
      return handler.close()
    },
  }
}
