import { z } from 'zod'
import type { InstrumentBook } from '../../events/instruments.ts'
import { type Route, refuse, route } from '../../platform/http/route.ts'
import { depositCommandId } from '../ledger/deposit.ts'
import { assetAmount } from './asset-amount.ts'
import { existing } from './existing.ts'
import { AccountIdField, AssetField, ClientId, PositiveDecimal } from './fields.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

const Params = z.object({ accountId: AccountIdField })
const Body = z.strictObject({ depositId: ClientId, asset: AssetField, amount: PositiveDecimal })

/** POST /v1/accounts/{a}/deposits → 201, again 200. */
export const requestDepositRoute = (ports: CommandPorts & { readonly instruments: InstrumentBook }): Route =>
  route({
    method: 'POST',
    path: '/v1/accounts/:accountId/deposits',
    scope: 'trade',
    params: Params,
    body: Body,
    handle: async (request) => {
      const accountId = request.params.accountId!
      const { depositId } = request.body
      const amount = assetAmount(ports.instruments, request.body)
      if (amount && 'refusal' in amount) return amount
      const forbidden = forbiddenAccount(request.grant, accountId)
      if (forbidden) return forbidden
      if (!amount) return existing(ports, accountId, () => refuse('unknown_asset', `no asset ${request.body.asset}`))
      const command = { type: 'RequestDeposit', depositId, asset: amount.asset, amount: amount.units } as const
      return execute(ports, accountId, depositCommandId(depositId), command, request)
    },
  })
