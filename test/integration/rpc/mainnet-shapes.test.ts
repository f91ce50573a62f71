import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { PublicKey, VersionedTransaction } from '@solana/web3.js'
import bs58 from 'bs58'
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
    readonly innerInstructions: readonly { readonly index: number; readonly instructions: readonly RawInstruction[] }[]
    readonly loadedAddresses?: { readonly writable: readonly string[]; readonly readonly: readonly string[] }
  }
}

interface RawInstruction {
  readonly programIdIndex: number
  readonly accounts: readonly number[]
  readonly data: string
}

interface RawBalance {
  readonly accountIndex: number
  readonly mint: string
  readonly owner: string
  readonly uiTokenAmount: { readonly amount: string }
}

const WRAPPED_SOL = 'So11111111111111111111111111111111111111112'
/** Of an account of 165 bytes, on mainnet when this block was made. */
const TOKEN_ACCOUNT_RENT = 2_039_280n
const TOKEN_PROGRAMS = ['TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA', 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb']
/** MintTo and MintToChecked name mint, account; Burn and BurnChecked account, mint. */
const [MINT_TO, BURN, CLOSE, MINT_TO_CHECKED, BURN_CHECKED] = [7, 8, 9, 14, 15]

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

  /** Every instruction of a token program, called by whomever. */
  const tokenInstructions = (raw: Raw) => {
    const keys = keysOf(raw)
    const { message } = VersionedTransaction.deserialize(Buffer.from(raw.transaction[0], 'base64'))
    const own = message.compiledInstructions.map(({ programIdIndex, accountKeyIndexes, data }) => ({
      ...{ programIdIndex, accounts: accountKeyIndexes, data: Buffer.from(data) },
    }))
    const inner = raw.meta.innerInstructions.flatMap(({ instructions }) =>
      instructions.map((each) => ({ ...each, data: Buffer.from(bs58.decode(each.data)) })),
    )
    return [...own, ...inner]
      .filter(({ programIdIndex }) => TOKEN_PROGRAMS.includes(keys[programIdIndex]!))
      .map(({ accounts, data }) => ({ accounts: accounts.map((index) => keys[index]!), data }))
  }
  const closedIn = (raw: Raw): string[] => tokenInstructions(raw).flatMap(({ accounts, data }) => (data[0] === CLOSE ? [accounts[0]!] : []))
  /** What they did to the supply of mints. */
  const supplyChanges = (raw: Raw): Map<string, bigint> => {
    const changes = new Map<string, bigint>()
    for (const { accounts, data } of tokenInstructions(raw)) {
      const issues = data[0] === MINT_TO || data[0] === MINT_TO_CHECKED
      if (!issues && data[0] !== BURN && data[0] !== BURN_CHECKED) continue
      const mint = accounts[issues ? 0 : 1]!
      const amount = data.readBigUInt64LE(1)
      changes.set(mint, (changes.get(mint) ?? 0n) + (issues ? amount : -amount))
    }
    return changes
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

  it('pass tokens on: what an account lost others gained, but for what the mint’s own instructions issued or burnt', () => {
    let [balanced, issuing] = [0, 0]
    for (const raw of all.filter(({ meta }) => meta.err === null)) {
      const sums = new Map<string, bigint>()
      for (const { mint, amount } of read(raw).deltas) sums.set(mint, (sums.get(mint) ?? 0n) + BigInt(amount))
      // Wrapped SOL comes from and goes to native SOL: the next test follows it there.
      sums.delete(WRAPPED_SOL)
      const supply = supplyChanges(raw)
      for (const mint of new Set([...sums.keys(), ...supply.keys()]))
        assert.equal(sums.get(mint) ?? 0n, supply.get(mint) ?? 0n, `${mint} of ${raw.transaction[0].slice(0, 20)}`)
      if (supply.size === 0) balanced++
      else issuing++
    }
    assert.deepEqual([balanced, issuing], [27, 9])
  })

  it('keep every lamport: native SOL, wrapped SOL and what lies in token accounts as rent add up to the fee', () => {
    let [wrapped, closed] = [0, 0]
    for (const raw of all.filter(({ meta }) => meta.err === null)) {
      const lost = raw.meta.preBalances.reduce((sum, each, i) => sum + each - (raw.meta.postBalances[i] ?? 0), 0)
      assert.equal(lost, raw.meta.fee)
      const sides = [
        [raw.meta.preTokenBalances, raw.meta.preBalances],
        [raw.meta.postTokenBalances, raw.meta.postBalances],
      ] as const
      for (const [tokens, lamports] of sides)
        for (const { accountIndex, mint, uiTokenAmount } of tokens) {
          if (mint !== WRAPPED_SOL) continue
          wrapped++
          // To the lamport: an account's wrapped SOL is what it holds beyond its rent.
          assert.equal(BigInt(lamports[accountIndex]!) - TOKEN_ACCOUNT_RENT, BigInt(uiTokenAmount.amount))
        }
      // Opened and closed within the transaction: no balance on either side, so no delta. None of this block closes one for good.
      for (const key of closedIn(raw)) {
        closed++
        assert.deepEqual(
          read(raw).deltas.filter(({ tokenAccount }) => tokenAccount === key),
          [],
        )
      }
    }
    assert.ok(wrapped > 100 && closed > 0, `${wrapped} wrapped, ${closed} closed`)
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
