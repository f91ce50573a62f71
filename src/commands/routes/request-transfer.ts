import { z } from 'zod'
import type { InstrumentBook } from '../../events/instruments.ts'
import { type Route, refuse, route } from '../../platform/http/route.ts'
import { transferRef } from '../ledger/payout.ts'
import { assetAmount } from './asset-amount.ts'
import { existing } from './existing.ts'
import { AccountIdField, AssetField, ClientId, PositiveDecimal } from './fields.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

const Body = z
  .strictObject({ transferId: ClientId, from: AccountIdField, to: AccountIdField, asset: AssetField, amount: PositiveDecimal })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'must be another account' })

/** POST /v1/transfers → 201, again 200. The id is the sending account's; the key needs a grant on both. */
export const requestTransferRoute = (ports: CommandPorts & { readonly instruments: InstrumentBook }): Route =>
  route({
    method: 'POST',
    path: '/v1/transfers',
    scope: 'trade',
    body: Body,
    handle: async (request) => {
      const { transferId, from, to } = request.body
      const amount = assetAmount(ports.instruments, request.body)
      if (amount && 'refusal' in amount) return amount
      const forbidden = forbiddenAccount(request.grant, from) ?? forbiddenAccount(request.grant, to)
      if (forbidden) return forbidden
      if (!amount) return existing(ports, from, () => refuse('unknown_asset', `no asset ${request.body.asset}`))
      const command = { type: 'RequestTransfer', transferId, asset: amount.asset, amount: amount.units, to } as const
      // an account is never closed: one that is there now will be there to receive
      return existing(ports, to, () => execute(ports, from, transferRef(transferId), command, request))
    },
  })
