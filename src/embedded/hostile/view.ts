import type { Chance } from './chance.ts'
import type { FateBook } from './fates.ts'
import type { PortFaults } from './profile.ts'
import type { RpcAnswer, RpcRequest, Upstream } from './upstream.ts'

/** How one port tells what the chain said: its lag, its untruths, and the fates that every port tells alike. */
export interface PortView {
  /** An answer that the port gives without asking the chain; undefined: ask it. */
  instead(request: RpcRequest): RpcAnswer | undefined
  rewrite(request: RpcRequest, answer: RpcAnswer): RpcAnswer
}

interface ViewDeps {
  readonly port: number
  readonly faults: () => PortFaults
  readonly fates: FateBook
  readonly upstream: Upstream
  readonly chance: Chance
}

export const createView = ({ port, faults, fates, upstream, chance }: ViewDeps): PortView => {
  const lag = () => faults().lagSlots ?? 0
  const skew = () => faults().heightSkew ?? 0
  /** The same signature is always unknown here, or never: a node that has lost a part of its index. */
  const denies = (signature: string): boolean => {
    const share = faults().nullStatus ?? 0
    return share > 0 && chance(['null', port], fates.numberOf(signature) ?? 0) < share
  }

  const status = (signature: string, told: Status | null, viewSlot: number): Status | null => {
    const sight = fates.sight(signature)
    if (sight.kind === 'absent' || denies(signature)) return null
    const ghost = sight.kind === 'landed' && sight.err === null
    if (!told && !ghost) return null
    const slot = sight.kind === 'truth' ? told!.slot : Math.max(told?.slot ?? 0, sight.slot)
    const err = told ? told.err : null
    return slot > viewSlot ? null : statusIn(slot, err, viewSlot, upstream.finalityDepth())
  }

  return {
    instead: ({ method, params }) => {
      const options = configOf(params)
      const behind = upstream.slot() - lag()
      if (lag() > 0 && typeof options?.minContextSlot === 'number' && options.minContextSlot > behind)
        return failure(-32016, 'Minimum context slot has not been reached', { contextSlot: behind })
      if (method === 'getTransaction') {
        const [signature] = listOf(params)
        if (typeof signature === 'string' && (fates.sight(signature).kind === 'absent' || denies(signature))) return success(null)
      }
      return undefined
    },
    rewrite: ({ method, params }, answer) => {
      if (answer.error || answer.result === undefined) return answer
      const { result } = answer
      const told = (value: unknown): RpcAnswer => ({ ...answer, result: value })
      switch (method) {
        case 'getSlot':
          return told(Number(result) - lag())
        case 'getBlockHeight':
          return told(Math.max(0, Number(result) - lag() + skew()))
        case 'getEpochInfo': {
          const info = result as { absoluteSlot: number; blockHeight: number }
          const blockHeight = Math.max(0, info.blockHeight - lag() + skew())
          return told({ ...info, absoluteSlot: info.absoluteSlot - lag(), blockHeight })
        }
        case 'getLatestBlockhash': {
          const { context, value } = result as WithContext<{ blockhash: string; lastValidBlockHeight: number }>
          upstream.learn({ slot: context.slot, ...value })
          const older = lag() > 0 ? upstream.blockhashAt(context.slot - lag()) : undefined
          const { blockhash, lastValidBlockHeight } = older ?? value
          const shown = { blockhash, lastValidBlockHeight: lastValidBlockHeight + (faults().lastValidSkew ?? 0) }
          return told({ context: { ...context, slot: context.slot - lag() }, value: shown })
        }
        case 'getSignatureStatuses': {
          const { context, value } = result as WithContext<(Status | null)[]>
          const slot = context.slot - lag()
          const signatures = listOf(params)[0] as string[]
          return told({ context: { ...context, slot }, value: value.map((one, i) => status(signatures[i] ?? '', one, slot)) })
        }
        case 'getTransaction': {
          const found = result as { slot: number } | null
          const [signature] = listOf(params)
          const sight = fates.sight(String(signature))
          if (!found) return answer
          const slot = sight.kind === 'landed' ? Math.max(found.slot, sight.slot) : found.slot
          const depth = configOf(params)?.commitment === 'confirmed' ? 1 : upstream.finalityDepth()
          return told(slot > upstream.slot() - lag() - depth ? null : { ...found, slot })
        }
        default:
          return hasContext(result) ? told({ ...result, context: { ...result.context, slot: result.context.slot - lag() } }) : answer
      }
    },
  }
}

export const success = (result: unknown): RpcAnswer => ({ jsonrpc: '2.0', id: 0, result })
export const failure = (code: number, message: string, data?: unknown): RpcAnswer => ({
  jsonrpc: '2.0',
  id: 0,
  error: { code, message, ...(data === undefined ? {} : { data }) },
})

interface WithContext<T> {
  readonly context: { readonly slot: number }
  readonly value: T
}

interface Status {
  readonly slot: number
  readonly confirmations: number | null
  readonly err: unknown
  readonly status: unknown
  readonly confirmationStatus: string
}

const statusIn = (slot: number, err: unknown, viewSlot: number, depth: number): Status => {
  const age = viewSlot - slot
  return {
    slot,
    confirmations: age >= depth ? null : age,
    err,
    status: err === null ? { Ok: null } : { Err: err },
    confirmationStatus: age >= depth ? 'finalized' : age >= 1 ? 'confirmed' : 'processed',
  }
}

const listOf = (params: unknown): readonly unknown[] => (Array.isArray(params) ? params : [])

const configOf = (params: unknown): { readonly minContextSlot?: unknown; readonly commitment?: unknown } | undefined => {
  const last = listOf(params).at(-1)
  return typeof last === 'object' && last !== null && !Array.isArray(last) ? last : undefined
}

const hasContext = (result: unknown): result is WithContext<unknown> =>
  typeof result === 'object' &&
  result !== null &&
  'context' in result &&
  typeof (result as { context: unknown }).context === 'object' &&
  typeof (result as WithContext<unknown>).context?.slot === 'number'
