import { ASSOCIATED_TOKEN_PROGRAM_ID, TOKEN_PROGRAM_ID } from '@solana/spl-token'
import { SystemProgram } from '@solana/web3.js'
import type { TokenDelta } from '../../events/account/transaction-events.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import { advancedBy, livesByNonce, type Place, runNonceStep } from './durable-nonce.ts'
import { MARKET_PROGRAM, otherSide, readSwap, SLIPPAGE } from './market.ts'
import type { ParsedTransaction, Step } from './parse-transaction.ts'
import type { TokenState } from './token-state.ts'

/** What executing it did. */
export interface Execution {
  readonly error: string | null
  readonly fee: bigint
  readonly rent: bigint
  readonly deltas: readonly TokenDelta[]
}

const LAMPORTS_PER_SIGNATURE = 5_000n
const RENT_LAMPORTS = 2_039_280n

/** Executes on the state: all of it, or nothing but the fee. */
export const execute = (state: TokenState, transaction: ParsedTransaction, instruments: readonly Instrument[], place: Place): Execution => {
  const mark = state.mark()
  const durable = livesByNonce(state, transaction, place.height)
  const before = new Map<string, bigint>()
  const fee = LAMPORTS_PER_SIGNATURE * BigInt(transaction.signers)
  let rent = 0n
  for (const step of transaction.steps) {
    for (const address of step.accounts) if (!before.has(address)) before.set(address, state.get(address)?.amount ?? 0n)
    const outcome = runNonceStep(state, step, place) ?? run(state, step, instruments)
    if (typeof outcome === 'string') {
      state.undoTo(mark)
      // its nonce is used up all the same
      const account = durable ? advancedBy(transaction) : undefined
      if (account !== undefined) state.setNonce(account, { ...state.nonce(account)!, value: place.nonce, height: place.height })
      return { error: outcome, fee, rent: 0n, deltas: [] }
    }
    rent += outcome
  }
  return { error: null, fee, rent, deltas: deltasOf(state, before) }
}

const deltasOf = (state: TokenState, before: ReadonlyMap<string, bigint>): TokenDelta[] =>
  [...before].flatMap(([tokenAccount, was]) => {
    const account = state.get(tokenAccount)
    if (!account || account.amount === was) return []
    const change = account.amount - was
    const mine: TokenDelta = { tokenAccount, owner: account.owner, mint: account.mint, amount: change.toString() }
    // the other side of everything that moves, as a real transaction shows it
    return [
      mine,
      { tokenAccount: `${tokenAccount.slice(0, 8)}-other-side`, owner: MARKET, mint: account.mint, amount: (-change).toString() },
    ]
  })

/** Tokens that come to an account from elsewhere. */
export const giftStep = (tokenAccount: string, amount: bigint): Step => {
  const data = Buffer.alloc(9)
  data.writeUInt8(MINT_TO, 0)
  data.writeBigUInt64LE(amount, 1)
  return { program: TOKEN, accounts: ['a stranger', tokenAccount], data }
}

const MARKET = MARKET_PROGRAM.toBase58()
const TOKEN = TOKEN_PROGRAM_ID.toBase58()
const ASSOCIATED = ASSOCIATED_TOKEN_PROGRAM_ID.toBase58()
const SYSTEM = SystemProgram.programId.toBase58()
/** Tags of the programs' instructions that this product uses. */
const TRANSFER = 3
const MINT_TO = 7
const TRANSFER_CHECKED = 12
const SYSTEM_TRANSFER = 2
const INSUFFICIENT = 'custom:1'

/** Rent paid, or the error. */
const run = (state: TokenState, { program, accounts, data }: Step, instruments: readonly Instrument[]): bigint | string => {
  if (program === ASSOCIATED) {
    const [, address, owner, mint] = accounts
    if (state.get(address!)) return 0n
    state.create(address!, { owner: owner!, mint: mint!, amount: 0n })
    return RENT_LAMPORTS
  }
  if (program === MARKET) return swap(state, accounts, data, instruments)
  const bytes = Buffer.from(data)
  if (program === TOKEN && bytes[0] === MINT_TO)
    return state.add(accounts[1]!, bytes.readBigUInt64LE(1)) ? 0n : 'instruction:InvalidAccountData'
  if (program === TOKEN && (bytes[0] === TRANSFER || bytes[0] === TRANSFER_CHECKED))
    return move(state, accounts[0]!, accounts[bytes[0] === TRANSFER ? 1 : 2]!, bytes.readBigUInt64LE(1))
  // lamports sent to a wrapped account are its tokens once it is synced, which the next instruction does
  if (program === SYSTEM && bytes.readUInt32LE(0) === SYSTEM_TRANSFER) state.add(accounts[1]!, bytes.readBigUInt64LE(4))
  return 0n
}

const move = (state: TokenState, from: string, to: string, amount: bigint): bigint | string => {
  if (!state.get(to)) return 'instruction:InvalidAccountData'
  return state.add(from, -amount) && state.add(to, amount) ? 0n : INSUFFICIENT
}

const swap = (state: TokenState, accounts: readonly string[], data: Uint8Array, instruments: readonly Instrument[]): bigint | string => {
  const { mode, pair, baseIn, amount, limit } = readSwap(data)
  const { symbol } = instruments[pair]!
  const pool = state.pool(symbol)
  const [reserveIn, reserveOut] = baseIn ? [pool.base, pool.quote] : [pool.quote, pool.base]
  const other = otherSide(reserveIn, reserveOut, mode, amount)
  if (other === undefined || (mode === 'exact_in' ? other < limit : other > limit)) return SLIPPAGE
  const [paid, got] = mode === 'exact_in' ? [amount, other] : [other, amount]
  if (!state.add(accounts[1]!, -paid) || !state.add(accounts[2]!, got)) return INSUFFICIENT
  state.setPool(symbol, baseIn ? { base: pool.base + paid, quote: pool.quote - got } : { base: pool.base - got, quote: pool.quote + paid })
  return 0n
}
