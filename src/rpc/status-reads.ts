import type { Chain, ChainAnswer, ChainError, SignatureState } from './chain.ts'
import { transactionErrorName } from './chain-error.ts'
import { createCoalescer } from './pool/coalesce.ts'
import type { Endpoints } from './pool/endpoints.ts'
import { type SignatureStatus, SignatureStatusesAnswer } from './schema.ts'

/** getSignatureStatuses takes 256 signatures. */
const STATUSES_PER_CALL = 256

interface Seen {
  readonly slot: number
  readonly state: SignatureState | null
}

/** Reads of signatures' statuses. Whoever asks at the same moment shares calls of 256. */
export const statusReads = (endpoints: Endpoints): Pick<Chain, 'statuses' | 'statusAt'> => {
  const coalescerOf = (searchTransactionHistory: boolean) =>
    createCoalescer<string, ChainAnswer<Seen>>({
      most: STATUSES_PER_CALL,
      keyOf: (signature) => signature,
      saved: (count) => endpoints.meters.decided('coalesced', '', count),
      load: async (signatures) => {
        const call = { method: 'getSignatureStatuses', params: [signatures, { searchTransactionHistory }] }
        // A node behind the others answers null for what they have: by its slot it is told and passed over.
        const answer = await endpoints.read(call, SignatureStatusesAnswer, { commitment: 'processed' })
        if (!answer.ok) return signatures.map(() => answer)
        const { context, value } = answer.value
        return signatures.map((_, i) => ({ ok: true, value: { slot: context.slot, state: toState(value[i] ?? null) } }))
      },
    })
  const [recent, all] = [coalescerOf(false), coalescerOf(true)]

  return {
    statuses: async (signatures, options) => {
      const coalescer = options?.history === true ? all : recent
      const answers = await Promise.all(signatures.map((signature) => coalescer.ask(signature)))
      const failed = answers.find((answer) => !answer.ok)
      if (failed) return failed as { ok: false; error: ChainError }
      const seen = answers.flatMap((answer) => (answer.ok ? [answer.value] : []))
      return { ok: true, value: { slot: Math.min(...seen.map(({ slot }) => slot)), states: seen.map(({ state }) => state) } }
    },
    statusAt: async (name, signature) => {
      const endpoint = endpoints.find(name)
      if (!endpoint) return { ok: false, error: { kind: 'unavailable', detail: `no endpoint ${name}` } }
      const call = { method: 'getSignatureStatuses', params: [[signature], { searchTransactionHistory: true }] }
      const answer = await endpoints.readAt(endpoint, call, SignatureStatusesAnswer)
      return answer.ok ? { ok: true, value: { slot: answer.value.context.slot, state: toState(answer.value.value[0] ?? null) } } : answer
    },
  }
}

const toState = (status: SignatureStatus | null): SignatureState | null =>
  status && {
    slot: status.slot,
    // Nodes older than confirmationStatus tell finality by missing confirmations.
    commitment: status.confirmationStatus ?? (status.confirmations === null ? 'finalized' : 'processed'),
    error: transactionErrorName(status.err),
  }
