import { HOUSE, parseOrderId } from '../../events/streams.ts'
import { type Reply, type RequestContext, refuse } from '../../platform/http/route.ts'
import { forbiddenAccount } from './respond.ts'

/** The order that a path names, or why the key may not touch it: 404 for an id that none can have, 403 from the id alone. */
export const namedOrder = ({
  params,
  grant,
}: Pick<RequestContext, 'params' | 'grant'>): { readonly accountId: string; readonly number: number } | Reply => {
  const parsed = parseOrderId(params.orderId!)
  if (!parsed || parsed.accountId === HOUSE) return refuse('not_found', 'no such order')
  return forbiddenAccount(grant, parsed.accountId) ?? parsed
}
