import { z } from 'zod'
import type { InstrumentBook } from '../../events/instruments.ts'
import { HOUSE, ID_PATTERN } from '../../events/streams.ts'
import { type Reply, type RequestContext, type Route, refuse, route } from '../../platform/http/route.ts'
import { correctionCommandId } from '../ledger/correction.ts'
import { assetAmount } from './asset-amount.ts'
import { existing } from './existing.ts'
import { AccountIdField, AssetField, ClientId, ReasonField } from './fields.ts'
import { type CommandPorts, execute, forbiddenAccount } from './respond.ts'

const SignedDecimal = z
  .string({ error: 'must be a decimal string' })
  .regex(/^-?(0|[1-9]\d{0,19})(\.\d{1,18})?$/, 'must be a plain decimal, negative to take money away')
  .refine((text) => /[1-9]/.test(text), 'must not be 0')

const Body = z.strictObject({
  accountId: AccountIdField,
  correctionId: ClientId,
  asset: AssetField,
  amount: SignedDecimal,
  reason: ReasonField,
})
const Params = z.object({ correctionRef: z.string().refine((ref) => parseRef(ref) !== undefined, 'must be <accountId>.<correctionId>') })

export type CorrectionPorts = CommandPorts & { readonly instruments: InstrumentBook }

/** POST /v1/corrections → 201, again 200: asks for a correction of an account's money by hand; nothing moves before a second actor approves. */
export const requestCorrectionRoute = (ports: CorrectionPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/corrections',
    scope: 'operate',
    body: Body,
    handle: async (request) => {
      const { accountId, correctionId, asset, amount, reason } = request.body
      const negative = amount.startsWith('-')
      const size = assetAmount(ports.instruments, { asset, amount: negative ? amount.slice(1) : amount })
      if (size && 'refusal' in size) return size
      const forbidden = forbiddenAccount(request.grant, accountId)
      if (forbidden) return forbidden
      if (!size) return existing(ports, accountId, () => refuse('unknown_asset', `no asset ${asset}`))
      const units = negative ? -size.units : size.units
      const command = {
        type: 'RequestCorrection',
        correctionId,
        asset: size.asset,
        amount: units,
        reason,
        by: request.grant.keyId,
      } as const
      return execute(ports, accountId, correctionCommandId(correctionId), command, request)
    },
  })

/** POST /v1/corrections/{accountId}.{correctionId}/approve → 200: by another key than asked for it; the ledger is corrected with the answer. */
export const approveCorrectionRoute = (ports: CorrectionPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/corrections/:correctionRef/approve',
    scope: 'operate',
    params: Params,
    handle: (request) => decide(ports, request, (correctionId, by) => ({ type: 'ApproveCorrection', correctionId, by })),
  })

/** POST /v1/corrections/{accountId}.{correctionId}/reject {reason} → 200: by any operator, who asked for it too. */
export const rejectCorrectionRoute = (ports: CorrectionPorts): Route =>
  route({
    method: 'POST',
    path: '/v1/corrections/:correctionRef/reject',
    scope: 'operate',
    params: Params,
    body: z.strictObject({ reason: ReasonField }),
    handle: (request) =>
      decide(ports, request, (correctionId, by) => ({ type: 'RejectCorrection', correctionId, by, reason: request.body.reason })),
  })

type Decide = Extract<Parameters<typeof execute>[3], { type: 'ApproveCorrection' | 'RejectCorrection' }>

const decide = async (
  ports: CorrectionPorts,
  request: RequestContext<unknown>,
  command: (correctionId: string, by: string) => Decide,
): Promise<Reply> => {
  const { accountId, correctionId } = parseRef(request.params.correctionRef!)!
  if (accountId === HOUSE) return refuse('not_found', 'no such correction')
  const forbidden = forbiddenAccount(request.grant, accountId)
  if (forbidden) return forbidden
  // the same actor may ask again after another one did: each request is a command of its own
  const decided = command(correctionId, request.grant.keyId)
  return execute(ports, accountId, `${decided.type === 'ApproveCorrection' ? 'ka' : 'kr'}-${request.correlationId}`, decided, request)
}

const parseRef = (ref: string): { readonly accountId: string; readonly correctionId: string } | undefined => {
  const [accountId = '', correctionId = '', ...rest] = ref.split('.')
  return rest.length === 0 && ID_PATTERN.test(accountId) && ID_PATTERN.test(correctionId) ? { accountId, correctionId } : undefined
}
