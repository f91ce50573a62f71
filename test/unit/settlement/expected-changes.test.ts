import assert from 'node:assert/strict'
import { TOKEN_PROGRAM_ID } from '@solana/spl-token'
import { Keypair } from '@solana/web3.js'
import type { AccountImage } from '../../../src/rpc/chain.ts'
import { type Change, type Expectation, unexpectedIn } from '../../../src/settlement/signing/expected-changes.ts'

const key = () => Keypair.generate().publicKey
const [wallet, stranger, payer] = [key(), key(), key()]
const [input, output, other] = [key().toBase58(), key().toBase58(), key().toBase58()]
const expected: Expectation = {
  ...{ wallet: wallet.toBase58(), payer: payer.toBase58() },
  input: { account: input, most: 100n },
  output: { account: output, least: 50n },
}

const token = (amount: bigint, owner = wallet, change: (data: Buffer) => void = () => undefined): AccountImage => {
  const data = Buffer.alloc(165)
  owner.toBuffer().copy(data, 32)
  data.writeBigUInt64LE(amount, 64)
  change(data)
  return { lamports: 2_039_280n, owner: TOKEN_PROGRAM_ID.toBase58(), data }
}
const system = (lamports: bigint): AccountImage => ({ lamports, owner: '11111111111111111111111111111111', data: new Uint8Array() })
const swap: readonly Change[] = [
  { address: payer.toBase58(), before: system(10n ** 9n), after: system(10n ** 9n - 2_100_000n) },
  { address: input, before: token(1_000n), after: token(900n) },
  { address: output, before: undefined, after: token(50n) },
]
const found = (...more: readonly Change[]): string | undefined =>
  unexpectedIn([...swap.filter(({ address }) => !more.some((change) => change.address === address)), ...more], expected)

describe('what a venue’s transaction may do', () => {
  it('is the swap that was asked for', () => assert.equal(found(), undefined))

  it('takes strangers’ accounts as they are', () =>
    assert.equal(found({ address: other, before: token(9n, stranger), after: token(1n, stranger) }), undefined))

  const wrong: readonly (readonly [string, Change, RegExp])[] = [
    ['pays more than was agreed', { address: input, before: token(1_000n), after: token(899n) }, /pays 101, at most 100/],
    ['is paid less', { address: output, before: token(10n), after: token(59n) }, /is paid 49, at least 50/],
    ['is paid to nobody', { address: output, before: undefined, after: undefined }, /is not paid/],
    ['takes from another account of the wallet', { address: other, before: token(5n), after: token(4n) }, /loses 1/],
    ['closes an account', { address: other, before: token(0n), after: undefined }, /is closed/],
    ['gives an account away', { address: other, before: token(5n), after: token(5n, stranger) }, /is given away/],
    [
      'sets a delegate',
      { address: output, before: token(0n), after: token(50n, wallet, (data) => data.writeUInt32LE(1, 72)) },
      /gets a delegate/,
    ],
    [
      'sets a close authority',
      { address: input, before: token(1_000n), after: token(900n, wallet, (data) => data.writeUInt32LE(1, 129)) },
      /close authority/,
    ],
    ['takes the wallet’s SOL', { address: wallet.toBase58(), before: system(5n), after: system(4n) }, /loses lamports/],
    ['robs the payer', { address: payer.toBase58(), before: system(10n ** 9n), after: system(1n) }, /pays \d+ lamports/],
    [
      'gives the wallet to a program',
      { address: wallet.toBase58(), before: system(5n), after: { ...system(5n), owner: other } },
      /is given to/,
    ],
  ]
  for (const [name, change, told] of wrong) it(`is refused when it ${name}`, () => assert.match(found(change) ?? '', told))
})
