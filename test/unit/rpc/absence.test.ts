import assert from 'node:assert/strict'
import { proveAbsence } from '../../../src/rpc/absence.ts'
import type { Chain, SignatureState } from '../../../src/rpc/chain.ts'

interface Witness {
  readonly height: number
  readonly slot?: number
  readonly state?: SignatureState | null
  readonly valid?: boolean
}

/** Only what a proof asks of a chain. */
const chainOf = (witnesses: readonly Witness[]): Chain => {
  const names = witnesses.map((_, i) => `${i}`)
  const part: Pick<Chain, 'endpoints' | 'finalizedHeights' | 'statusAt' | 'blockhashValidAt'> = {
    endpoints: () => names.map((endpoint) => ({ endpoint, state: 'healthy', healthy: true, lagSlots: 0 })),
    finalizedHeights: async () => witnesses.map(({ height }, i) => ({ endpoint: `${i}`, height, slot: height + 1_000 })),
    statusAt: async (name) => {
      const { state = null, slot, height } = witnesses[Number(name)]!
      return { ok: true, value: { slot: slot ?? height + 1_031, state } }
    },
    blockhashValidAt: async (name) => ({ ok: true, value: witnesses[Number(name)]!.valid ?? false }),
  }
  return part as Chain
}
const kindOf = async (...witnesses: readonly Witness[]) =>
  (await proveAbsence(chainOf(witnesses), 's', { height: 500, blockhash: 'b' })).kind

describe('proof that a transaction never lands', () => {
  it('takes two of two, or of many', async () => {
    assert.equal(await kindOf({ height: 501 }, { height: 501 }), 'proven')
    assert.equal(await kindOf({ height: 501 }, { height: 501 }, { height: 400 }), 'proven')
    assert.equal(await kindOf({ height: 501 }, { height: 500 }), 'unproven')
    assert.equal(await kindOf({ height: 500 }, { height: 499 }), 'too_early')
  })

  it('takes one where one is all there is', async () => assert.equal(await kindOf({ height: 501 }), 'proven'))

  it('does not count a null from before the height it told', async () =>
    assert.equal(await kindOf({ height: 501 }, { height: 501, slot: 1_400 }), 'unproven'))

  it('believes no height, not even of two, while one of them still takes the blockhash', async () =>
    assert.equal(await kindOf({ height: 501 }, { height: 501 }, { height: 501, valid: true }), 'unproven'))

  it('finds it where any of them has it', async () => {
    const state: SignatureState = { slot: 1_200, commitment: 'finalized', error: null }
    assert.equal(await kindOf({ height: 501 }, { height: 501, state }), 'found')
  })
})
