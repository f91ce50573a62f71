import { monotonicMs } from '../platform/clock.ts'
import type { Chain, ChainAnswer, LatestBlockhash } from './chain.ts'
import type { Endpoints } from './pool/endpoints.ts'
import { LatestBlockhashAnswer } from './schema.ts'

/** One blockhash for all transactions of a slot: there is no newer one before the next, and it lives for 150 of them. */
export const blockhashReads = (endpoints: Endpoints, slotMs: () => number): Pick<Chain, 'latestBlockhash'> => {
  let known: { readonly value: LatestBlockhash; readonly at: number } | undefined

  const read = async (): Promise<ChainAnswer<LatestBlockhash>> => {
    const call = { method: 'getLatestBlockhash', params: [{ commitment: 'confirmed' }] }
    const asked = monotonicMs()
    const answer = await endpoints.read(call, LatestBlockhashAnswer, { commitment: 'confirmed', minSlotAt: 0 })
    if (!answer.ok) return answer
    const value = { ...answer.value.value, slot: answer.value.context.slot }
    if (value.slot >= (known?.value.slot ?? 0)) known = { value, at: asked }
    return { ok: true, value }
  }

  return {
    latestBlockhash: async () => {
      if (!known || monotonicMs() - known.at >= slotMs()) return read()
      endpoints.meters.decided('shared')
      return { ok: true, value: known.value }
    },
  }
}
