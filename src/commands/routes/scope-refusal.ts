import type { InstrumentBook } from '../../events/instruments.ts'
import type { Rules } from '../../events/rules.ts'
import type { Scope } from '../../events/scope.ts'
import type { Grant } from '../../platform/http/grant.ts'
import { type Reply, refuse } from '../../platform/http/route.ts'
import { existing } from './existing.ts'
import { type CommandPorts, forbiddenAccount } from './respond.ts'

export interface ScopePorts extends CommandPorts {
  readonly instruments: InstrumentBook
  readonly rules?: Rules | undefined
}

/** 403 for a key that does not reach the whole scope, 404 for a scope of nothing that exists: a mistyped halt must not look like one. */
export const scopeRefusal = async (ports: ScopePorts, grant: Grant, scope: Scope): Promise<Reply | undefined> => {
  if (scope.kind === 'account') {
    const forbidden = forbiddenAccount(grant, scope.id)
    if (forbidden) return forbidden
    const found = await existing(ports, scope.id, () => NONE)
    return found === NONE ? undefined : found
  }
  if (grant.accounts !== '*') return refuse('forbidden', 'this key has a grant on single accounts only')
  if (scope.kind === 'instrument' && !ports.instruments.bySymbol(scope.id)) return refuse('not_found', `no instrument ${scope.id}`)
  return undefined
}

const NONE: Reply = { status: 200, body: null }
