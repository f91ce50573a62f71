import bs58 from 'bs58'
import { z } from 'zod'
import type { InstrumentBook } from '../../events/instruments.ts'
import { type Reply, type Route, refuse, route } from '../../platform/http/route.ts'
import { withdrawalRef } from '../ledger/payout.ts'
import { assetAmount } from './asset-amount.ts'
import { existing } from './existing.ts'
import { AccountIdField, AssetField, ClientId, PositiveDecimal } from './fields.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

const ADDRESS_BYTES = 32
const isAddress = (text: string): boolean => {
  try {
    return bs58.decode(text).length === ADDRESS_BYTES
  } catch {
    return false
  }
}
const Address = z
  .string({ error: 'must be an address' })
  .regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/, { error: 'must be an address in base58', abort: true })
  .refine(isAddress, 'must be an address of 32 bytes in base58')

const Body = z.strictObject({ withdrawalId: ClientId, asset: AssetField, amount: PositiveDecimal, destination: Address })
const OfAccount = z.object({ accountId: AccountIdField })
const OfWithdrawal = z.object({ accountId: AccountIdField, withdrawalId: ClientId })

/** POST /v1/accounts/{a}/withdrawals → 201, again 200: reserves funds that are final; nothing is signed before it is confirmed. */
export const requestWithdrawalRoute = (ports: CommandPorts & { readonly instruments: InstrumentBook }): Route =>
  route({
    method: 'POST',
    path: '/v1/accounts/:accountId/withdrawals',
    scope: 'trade',
    params: OfAccount,
    body: Body,
    handle: async (request) => {
      const accountId = request.params.accountId!
      const { withdrawalId, destination } = request.body
      const amount = assetAmount(ports.instruments, request.body)
      if (amount && 'refusal' in amount) return amount
      const forbidden = forbiddenAccount(request.grant, accountId)
      if (forbidden) return forbidden
      if (!amount) return existing(ports, accountId, () => refuse('unknown_asset', `no asset ${request.body.asset}`))
      const command = { type: 'RequestWithdrawal', withdrawalId, asset: amount.asset, amount: amount.units, destination } as const
      return execute(ports, accountId, withdrawalRef(withdrawalId), command, request)
    },
  })

/** POST /v1/accounts/{a}/withdrawals/{id}/confirm → 200: the second step, after which it is signed. */
export const confirmWithdrawalRoute = (ports: CommandPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/accounts/:accountId/withdrawals/:withdrawalId/confirm',
    scope: 'trade',
    params: OfWithdrawal,
    handle: async (request) => {
      const { accountId, withdrawalId } = request.params as { accountId: string; withdrawalId: string }
      const forbidden = forbiddenAccount(request.grant, accountId)
      if (forbidden) return forbidden
      return found(await execute(ports, accountId, `wc-${withdrawalId}`, { type: 'ConfirmWithdrawal', withdrawalId }, request))
    },
  })

/** DELETE /v1/accounts/{a}/withdrawals/{id} → 200 with status canceled, or canceling while an attempt is open; sent already 409. */
export const cancelWithdrawalRoute = (ports: CommandPorts): Route =>
  route({
    method: 'DELETE',
    path: '/v1/accounts/:accountId/withdrawals/:withdrawalId',
    scope: 'trade',
    params: OfWithdrawal,
    handle: async (request) => {
      const { accountId, withdrawalId } = request.params as { accountId: string; withdrawalId: string }
      const forbidden = forbiddenAccount(request.grant, accountId)
      if (forbidden) return forbidden
      return found(await execute(ports, accountId, `wx-${withdrawalId}`, { type: 'CancelWithdrawal', withdrawalId }, request))
    },
  })

/** The withdrawal is not made by these requests, so their first answer is a 200 as well. */
const found = (reply: Reply): Reply => ('status' in reply && reply.status === 201 ? { ...reply, status: 200 } : reply)
