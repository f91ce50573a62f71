import assert from 'node:assert/strict'
import { Keypair, MessageV0, VersionedTransaction } from '@solana/web3.js'
import { transactionErrorName } from '../../../src/rpc/chain-error.ts'
import type { TransactionAnswer } from '../../../src/rpc/schema.ts'
import { readTransaction } from '../../../src/rpc/transaction-meta.ts'

const [payer, wallet, account, created] = Array.from({ length: 4 }, () => Keypair.generate().publicKey) as [
  Keypair['publicKey'],
  Keypair['publicKey'],
  Keypair['publicKey'],
  Keypair['publicKey'],
]
const USDC = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'

const balance = (accountIndex: number, amount: string) => ({
  accountIndex,
  mint: USDC,
  owner: wallet.toBase58(),
  uiTokenAmount: { amount, decimals: 6, uiAmount: null },
})

const message = new MessageV0({
  header: { numRequiredSignatures: 1, numReadonlySignedAccounts: 0, numReadonlyUnsignedAccounts: 0 },
  staticAccountKeys: [payer, account],
  recentBlockhash: USDC,
  compiledInstructions: [],
  addressTableLookups: [{ accountKey: payer, writableIndexes: [0], readonlyIndexes: [] }],
})

const response = (meta: Partial<NonNullable<TransactionAnswer['meta']>>): TransactionAnswer => ({
  slot: 77,
  transaction: [Buffer.from(new VersionedTransaction(message).serialize()).toString('base64'), 'base64'],
  meta: {
    err: null,
    fee: 5_000,
    preBalances: [1_000_000_000, 2_039_280, 0],
    postBalances: [1_000_000_000 - 5_000 - 2_039_280, 2_039_280, 2_039_280],
    loadedAddresses: { writable: [created.toBase58()], readonly: [] },
    ...meta,
  },
})

describe('reading an executed transaction', () => {
  it('tells fee, rent and the change of each token account, also of one loaded from a table', () => {
    const read = readTransaction(
      response({ preTokenBalances: [balance(1, '1000')], postTokenBalances: [balance(1, '400'), balance(2, '9')] }),
    )
    assert.deepEqual(read, {
      slot: 77,
      error: null,
      fee: 5_000n,
      rent: 2_039_280n,
      deltas: [
        { tokenAccount: account.toBase58(), owner: wallet.toBase58(), mint: USDC, amount: '-600' },
        { tokenAccount: created.toBase58(), owner: wallet.toBase58(), mint: USDC, amount: '9' },
      ],
      feePayer: payer.toBase58(),
      lamports: [
        { address: payer.toBase58(), amount: -2_044_280n },
        { address: created.toBase58(), amount: 2_039_280n },
      ],
    })
  })

  it('counts a closed account as emptied and leaves out what did not change', () => {
    const read = readTransaction(
      response({ preTokenBalances: [balance(1, '1000'), balance(2, '5')], postTokenBalances: [balance(2, '5')] }),
    )
    assert.deepEqual(
      read?.deltas.map(({ amount }) => amount),
      ['-1000'],
    )
  })

  it('parts an account that changed hands, or was closed and made anew for another mint', () => {
    const stranger = created.toBase58()
    const given = readTransaction(
      response({ preTokenBalances: [balance(1, '7')], postTokenBalances: [{ ...balance(1, '7'), owner: stranger }] }),
    )
    assert.deepEqual(
      given?.deltas.map(({ owner, amount }) => [owner, amount]),
      [
        [wallet.toBase58(), '-7'],
        [stranger, '7'],
      ],
    )
    const anew = readTransaction(
      response({ preTokenBalances: [balance(1, '7')], postTokenBalances: [{ ...balance(1, '3'), mint: stranger }] }),
    )
    assert.deepEqual(
      anew?.deltas.map(({ mint, amount }) => [mint, amount]),
      [
        [USDC, '-7'],
        [stranger, '3'],
      ],
    )
  })

  it('counts what arrived, not what was sent: a withheld transfer fee is in neither', () => {
    const read = readTransaction(
      response({ preTokenBalances: [balance(1, '1000'), balance(2, '0')], postTokenBalances: [balance(1, '0'), balance(2, '990')] }),
    )
    assert.deepEqual(
      read?.deltas.map(({ amount }) => amount),
      ['-1000', '990'],
    )
  })

  it('reads keys of the json encoding too', () => {
    const read = readTransaction({
      ...response({ preTokenBalances: [balance(1, '1')], postTokenBalances: [balance(1, '2')] }),
      transaction: { message: { accountKeys: [payer.toBase58(), account.toBase58()] } },
    })
    assert.deepEqual(
      read?.deltas.map(({ tokenAccount }) => tokenAccount),
      [account.toBase58()],
    )
  })

  it('books nothing but the fee of a failed one', () => {
    const read = readTransaction(
      response({ err: { InstructionError: [2, { Custom: 6001 }] }, preTokenBalances: [balance(1, '1000')], postTokenBalances: [] }),
    )
    assert.deepEqual([read?.error, read?.fee, read?.rent, read?.deltas], ['custom:6001', 5_000n, 0n, []])
  })

  it('names errors as the chain does', () => {
    assert.equal(transactionErrorName(null), null)
    assert.equal(transactionErrorName('BlockhashNotFound'), 'BlockhashNotFound')
    assert.equal(transactionErrorName({ InstructionError: [0, 'ProgramFailedToComplete'] }), 'instruction:ProgramFailedToComplete')
    assert.equal(transactionErrorName({ InstructionError: [0, { BorshIoError: 'x' }] }), 'instruction:BorshIoError')
    assert.equal(transactionErrorName({ InsufficientFundsForRent: { account_index: 1 } }), 'InsufficientFundsForRent')
  })
})
