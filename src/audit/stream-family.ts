import { ID_PATTERN, parseAccountStream, sliceName, sliceOf } from '../events/streams.ts'

/** What an auditor may page: the account a stream belongs to, or null for one of the whole deployment. Undefined: no such family of streams. */
export const streamFamily = (stream: string): { readonly accountId: string | null } | undefined => {
  const account = parseAccountStream(stream)
  if (account) return account.slice === sliceOf(account.accountId) ? { accountId: account.accountId } : undefined
  const snapshot = /^snap-([0-9a-f]{3})\.([A-Za-z0-9_-]{1,48})(?:\.\d{1,9})?$/.exec(stream)
  if (snapshot) return snapshot[1] === sliceName(sliceOf(snapshot[2]!)) ? { accountId: snapshot[2]! } : undefined
  return DEPLOYMENT_STREAMS.has(stream) || isNamed(stream) ? { accountId: null } : undefined
}

const DEPLOYMENT_STREAMS = new Set(['log', 'shardmap', 'tick', 'access', 'reconciliation', 'sth'])

const isNamed = (stream: string): boolean => {
  const [, family, name] = /^([a-z]+)-(.{1,100})$/.exec(stream) ?? []
  switch (family) {
    case 'instrument':
      return /^[A-Za-z0-9._-]{1,32}\/[A-Za-z0-9._-]{1,32}$/.test(name!)
    case 'key':
    case 'strategy':
      return ID_PATTERN.test(name!)
    case 'control':
    case 'limit':
      return /^[A-Za-z0-9._/-]{1,100}$/.test(name!)
    default:
      return false
  }
}
