import { z } from 'zod'
import type { InstrumentBook } from '../../events/instruments.ts'
import { parseUnits } from '../../platform/decimal.ts'
import { type Reply, type Route, refuse, route } from '../../platform/http/route.ts'
import { depositCommandId } from '../ledger/deposit.ts'
import { existing } from './existing.ts'
import { AccountIdField, AssetField, ClientId, PositiveDecimal } from './fields.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

const Params = z.object({ accountId: AccountIdField })
const Body = z.strictObject({ depositId: ClientId, asset: AssetField, amount: PositiveDecimal })

/** A token account holds an unsigned 64-bit amount. */
const MOST_UNITS = 2n ** 64n - 1n

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
      const { depositId, amount } = request.body
      const asset = ports.instruments.byAsset(request.body.asset)
      const units = asset && parseUnits(amount, asset.decimals)
      if (asset && (units === undefined || units > MOST_UNITS)) {
        const reason = units === undefined ? `must have at most ${asset.decimals} decimals` : 'is more than a token account can hold'
        return invalidAmount(reason)
      }
      const forbidden = forbiddenAccount(request.grant, accountId)
      if (forbidden) return forbidden
      if (!asset || units === undefined) return existing(ports, accountId, () => refuse('unknown_asset', `no asset ${request.body.asset}`))
      return execute(ports, accountId, depositCommandId(depositId), { type: 'RequestDeposit', depositId, asset, amount: units }, request)
    },
  })

const invalidAmount = (reason: string): Reply =>
  refuse('invalid_request', `the body is not valid: amount ${reason}`, { errors: [{ field: 'amount', reason }] })
