import { toImage } from './account-reads.ts'
import type { Chain } from './chain.ts'
import type { Endpoints } from './pool/endpoints.ts'
import { AccountAnswer, AccountsAnswer, SignaturesAnswer } from './schema.ts'

/** getMultipleAccounts takes 100 keys. */
const ACCOUNTS_PER_CALL = 100
const FINALIZED = { commitment: 'finalized' } as const

/** Reads of what can't be taken back any more. */
export const finalizedReads = (endpoints: Endpoints): Pick<Chain, 'finalizedAccounts' | 'finalizedAccountAt' | 'signaturesOf'> => ({
  finalizedAccounts: async (addresses) => {
    const pages = Array.from({ length: Math.ceil(addresses.length / ACCOUNTS_PER_CALL) }, (_, i) =>
      addresses.slice(i * ACCOUNTS_PER_CALL, (i + 1) * ACCOUNTS_PER_CALL),
    )
    const answers = await Promise.all(
      pages.map((page) => {
        const call = { method: 'getMultipleAccounts', params: [page, { ...FINALIZED, encoding: 'base64' }] }
        return endpoints.read(call, AccountsAnswer, { ...FINALIZED, minSlotAt: 1 })
      }),
    )
    const failed = answers.find((answer) => !answer.ok)
    if (failed && !failed.ok) return failed
    const read = answers.flatMap((answer) => (answer.ok ? [answer.value] : []))
    const slot = Math.max(0, ...read.map(({ context }) => context.slot))
    return { ok: true, value: { slot, accounts: read.flatMap(({ value }) => value.map(toImage)) } }
  },
  finalizedAccountAt: async (name, address) => {
    const endpoint = endpoints.find(name)
    if (!endpoint) return { ok: false, error: { kind: 'unavailable', detail: `no endpoint ${name}` } }
    const call = { method: 'getAccountInfo', params: [address, { ...FINALIZED, encoding: 'base64' }] }
    const answer = await endpoints.readAt(endpoint, call, AccountAnswer)
    return answer.ok ? { ok: true, value: { slot: answer.value.context.slot, account: toImage(answer.value.value) } } : answer
  },
  signaturesOf: async (address, { before, until, limit }) => {
    const range = { ...(before === undefined ? {} : { before }), ...(until === undefined ? {} : { until }) }
    const call = { method: 'getSignaturesForAddress', params: [address, { ...FINALIZED, ...range, limit }] }
    const answer = await endpoints.read(call, SignaturesAnswer, { minSlotAt: 1 })
    return answer.ok
      ? {
          ok: true,
          value: answer.value.map(({ signature, slot, err }) => ({ signature, slot, failed: err !== null && err !== undefined })),
        }
      : answer
  },
})
