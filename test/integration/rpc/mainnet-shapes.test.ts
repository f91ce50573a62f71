import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { PublicKey, VersionedTransaction } from '@solana/web3.js'
import { TransactionAnswer } from '../../../src/rpc/schema.ts'
import { readTransaction } from '../../../src/rpc/transaction-meta.ts'
import { skipBecause } from '../../support/skip.ts'

const FILE = join(process.env.SHARED_DATA ?? resolve('..', 'shared', 'data'), 'solana', 'getTransaction_dex_254170887.jsonl.gz')

/** Read by another hand than the code's: raw JSON, and keys through web3.js' own message. */
interface Raw {
  readonly slot: number
  readonly transaction: readonly [string, 'base64']
  readonly meta: {
    readonly err: unknown
    readonly fee: number
    readonly preBalances: readonly number[]
    readonly postBalances: readonly number[]
    readonly preTokenBalances: readonly RawBalance[]
    readonly postTokenBalances: readonly RawBalance[]
    readonly loadedAddresses?: { readonly writable: readonly string[]; readonly readonly: readonly string[] }
  }
}

interface RawBalance {
  readonly accountIndex: number
  readonly mint: string
  readonly owner: string
  readonly uiTokenAmount: { readonly amount: string }
}

describe('transactions of a mainnet block (254170887)', () => {
  let all: readonly Raw[]
  before(function () {
    if (!existsSync(FILE)) skipBecause(this, `no mainnet data at ${FILE}`)
    const lines = gunzipSync(readFileSync(FILE)).toString('utf8').trim().split('\n')
    all = lines.map((line) => (JSON.parse(line) as { result: Raw }).result)
  })

  const read = (raw: Raw) => readTransaction(TransactionAnswer.parse(raw)!)!
  const keysOf = ({ transaction, meta }: Raw): string[] => {
    const { message } = VersionedTransaction.deserialize(Buffer.from(transaction[0], 'base64'))
    const lookups = meta.loadedAddresses ?? { writable: [], readonly: [] }
    const keys = message.getAccountKeys({
      accountKeysFromLookups: {
        writable: lookups.writable.map((key) => new PublicKey(key)),
        readonly: lookups.readonly.map((key) => new PublicKey(key)),
      },
    })
    return keys
      .keySegments()
      .flat()
      .map((key) => key.toBase58())
  }

  it('are 72: 36 that succeeded and 36 that failed, legacy and versioned', () => {
    assert.equal(all.length, 72)
    assert.equal(all.filter((raw) => read(raw).error === null).length, 36)
  })

  it('give every change of every token account, equal to its balances before and after', () => {
    let changes = 0
    for (const raw of all.filter(({ meta }) => meta.err === null)) {
      const { deltas, slot } = read(raw)
      assert.equal(slot, raw.slot)
      const keys = keysOf(raw)
      const amount = (balances: readonly RawBalance[], index: number) =>
        BigInt(balances.find(({ accountIndex }) => accountIndex === index)?.uiTokenAmount.amount ?? '0')
      for (const [index, key] of keys.entries()) {
        const expected = amount(raw.meta.postTokenBalances, index) - amount(raw.meta.preTokenBalances, index)
        const found = deltas.filter(({ tokenAccount }) => tokenAccount === key)
        assert.equal(
          found.reduce((sum, delta) => sum + BigInt(delta.amount), 0n),
          expected,
          `${key} of ${raw.transaction[0].slice(0, 20)}`,
        )
        if (expected === 0n) continue
        changes++
        const known = [...raw.meta.postTokenBalances, ...raw.meta.preTokenBalances].find(({ accountIndex }) => accountIndex === index)
        assert.deepEqual(
          found.map(({ owner, mint }) => [owner, mint]),
          [[known?.owner, known?.mint]],
        )
      }
    }
    assert.ok(changes > 100, `${changes} changes`)
  })

  it('pass tokens on: what one account lost, others gained, but where a mint’s supply changed', () => {
    let balanced = 0
    for (const raw of all.filter(({ meta }) => meta.err === null)) {
      const sums = new Map<string, bigint>()
      for (const { mint, amount } of read(raw).deltas) sums.set(mint, (sums.get(mint) ?? 0n) + BigInt(amount))
      // Wrapped SOL comes from and goes to native SOL; nine of these also mint or burn.
      sums.delete('So11111111111111111111111111111111111111112')
      if ([...sums.values()].every((sum) => sum === 0n)) balanced++
    }
    assert.equal(balanced, 27)
  })

  it('see created accounts from nothing and closed ones to nothing', () => {
    let created = 0
    for (const raw of all.filter(({ meta }) => meta.err === null)) {
      const before = new Set(raw.meta.preTokenBalances.map(({ accountIndex }) => accountIndex))
      const keys = keysOf(raw)
      for (const { accountIndex, uiTokenAmount } of raw.meta.postTokenBalances) {
        if (before.has(accountIndex) || uiTokenAmount.amount === '0') continue
        created++
        const delta = read(raw).deltas.find(({ tokenAccount }) => tokenAccount === keys[accountIndex])
        assert.equal(delta?.amount, uiTokenAmount.amount)
      }
    }
    assert.ok(created > 0)
  })

  it('tell fee and what else the payer spent, to the lamport', () => {
    for (const raw of all.filter(({ meta }) => meta.err === null)) {
      const { fee, rent } = read(raw)
      assert.equal(fee, BigInt(raw.meta.fee))
      const spent = BigInt(raw.meta.preBalances[0]! - raw.meta.postBalances[0]!) - fee
      assert.equal(rent, spent > 0n ? spent : 0n)
    }
  })

  it('give nothing but the fee when they failed, with the error by its name', () => {
    const failed = all.filter(({ meta }) => meta.err !== null).map(read)
    for (const { deltas, rent, fee } of failed) {
      assert.deepEqual([deltas, rent], [[], 0n])
      assert.ok(fee >= 5_000n)
    }
    const names = failed.map(({ error }) => error)
    assert.equal(names.filter((name) => name === 'custom:6001').length, 8)
    assert.equal(names.filter((name) => name === 'instruction:IllegalOwner').length, 3)
    assert.equal(names.filter((name) => name === 'instruction:ProgramFailedToComplete').length, 1)
  })
})
