import assert from 'node:assert/strict'
import bs58 from 'bs58'
import { proveAbsence, proveNonceSpent } from '../../../src/rpc/absence.ts'
import type { AccountImage, Chain, SignatureState } from '../../../src/rpc/chain.ts'

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

const [VALUE, OTHER] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const nonceAccount = (value: Buffer): AccountImage => {
  const data = Buffer.alloc(80)
  data.writeUInt32LE(1, 0)
  data.writeUInt32LE(1, 4)
  value.copy(data, 40)
  return { lamports: 1n, owner: '11111111111111111111111111111111', data }
}

interface NonceWitness {
  /** Finalised slot of its answer about the account. */
  readonly at: number
  readonly held: Buffer | undefined | 'away'
  /** Slot of its answer about the signature. */
  readonly seenAt?: number
  readonly state?: SignatureState
}

const overNonce = async (...witnesses: readonly NonceWitness[]) => {
  const names = witnesses.map((_, i) => `${i}`)
  const part: Pick<Chain, 'endpoints' | 'finalizedHeights' | 'statusAt' | 'finalizedAccountAt'> = {
    endpoints: () => names.map((endpoint) => ({ endpoint, state: 'healthy', healthy: true, lagSlots: 0 })),
    finalizedHeights: async () => witnesses.map(({ at }, i) => ({ endpoint: `${i}`, height: at - 1_000, slot: at })),
    statusAt: async (name) => {
      const { at, seenAt = at + 31, state = null } = witnesses[Number(name)]!
      return { ok: true, value: { slot: seenAt, state } }
    },
    finalizedAccountAt: async (name) => {
      const { at, held } = witnesses[Number(name)]!
      if (held === 'away') return { ok: false, error: { kind: 'unavailable', detail: 'away' } }
      return { ok: true, value: { slot: at, account: held && nonceAccount(held) } }
    },
  }
  return proveNonceSpent(part as Chain, 's', { account: 'n', value: bs58.encode(VALUE), minSlot: 1_500 })
}

describe('proof that a transaction over a nonce never lands', () => {
  it('takes two that finalised another value and know nothing of it', async () => {
    const proven = await overNonce({ at: 1_600, held: OTHER }, { at: 1_601, held: OTHER })
    assert.equal(proven.kind, 'proven')
    assert.deepEqual(proven.kind === 'proven' && proven.proof.map(({ slot, nonce }) => [slot, nonce]), [
      [1_600, bs58.encode(OTHER)],
      [1_601, bs58.encode(OTHER)],
    ])
    assert.equal(
      (await overNonce({ at: 1_600, held: undefined }, { at: 1_600, held: undefined })).kind,
      'proven',
      'an account that is gone',
    )
    assert.equal((await overNonce({ at: 1_600, held: OTHER })).kind, 'proven', 'one where one is all there is')
  })

  it('is none while it can still land', async () => {
    assert.equal((await overNonce({ at: 1_600, held: VALUE }, { at: 1_600, held: VALUE })).kind, 'unspent')
    assert.equal((await overNonce({ at: 1_600, held: OTHER }, { at: 1_599, held: VALUE })).kind, 'unspent')
  })

  it('believes nobody who has not finalised the value it was signed over: he tells of the one before', async () => {
    assert.equal((await overNonce({ at: 1_499, held: OTHER }, { at: 1_499, held: OTHER })).kind, 'unproven')
    assert.equal((await overNonce({ at: 1_499, held: OTHER }, { at: 1_500, held: OTHER })).kind, 'unproven')
  })

  it('does not count a null from before the slot of the value, nor who is away', async () => {
    assert.equal((await overNonce({ at: 1_600, held: OTHER }, { at: 1_600, held: OTHER, seenAt: 1_599 })).kind, 'unproven')
    assert.equal((await overNonce({ at: 1_600, held: OTHER }, { at: 1_600, held: 'away' })).kind, 'unproven')
  })

  it('finds it where it spent the nonce itself', async () => {
    const state: SignatureState = { slot: 1_550, commitment: 'finalized', error: 'custom:6001' }
    assert.equal((await overNonce({ at: 1_600, held: OTHER, state }, { at: 1_600, held: OTHER })).kind, 'found')
  })
})
