import { TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID } from '@solana/spl-token'
import bs58 from 'bs58'
import type { AccountImage } from '../../rpc/chain.ts'

/** What a transaction built by somebody else may do to what is ours, and nothing besides. */
export interface Expectation {
  readonly wallet: string
  readonly payer: string
  /** The wallet's token account that pays, and the most it may. */
  readonly input: { readonly account: string; readonly most: bigint }
  /** The wallet's token account that is paid, and the least it must be. */
  readonly output: { readonly account: string; readonly least: bigint }
}

/** An account that the transaction writes, before and after its simulation. */
export interface Change {
  readonly address: string
  readonly before: AccountImage | undefined
  readonly after: AccountImage | undefined
}

/**
 * The first thing in a simulation that a swap on these terms does not do; undefined: all is as expected. Only the two token accounts
 * may change, within their bounds; no account of ours may get another owner, a delegate or another close authority, and the payer
 * loses no more than fees, rent and a tip come to.
 */
export const unexpectedIn = (changes: readonly Change[], expected: Expectation): string | undefined => {
  for (const change of changes) {
    const found =
      change.address === expected.payer
        ? ofPayer(change)
        : change.address === expected.wallet
          ? ofWallet(change)
          : ofToken(change, expected)
    if (found !== undefined) return `${change.address} ${found}`
  }
  const output = changes.find(({ address }) => address === expected.output.account)
  if (!output?.after) return `${expected.output.account} is not paid`
  return undefined
}

/** Rent of several token accounts, fees at the cap and a tip: a payer that loses more is being robbed. */
const MOST_COST_LAMPORTS = 50_000_000n
const SYSTEM_PROGRAM = '11111111111111111111111111111111'
const TOKEN_PROGRAMS: ReadonlySet<string> = new Set([TOKEN_PROGRAM_ID.toBase58(), TOKEN_2022_PROGRAM_ID.toBase58()])
/** Layout of a token account: mint 32, owner 32, amount 8, delegate 4+32, state 1, native 4+8, delegated amount 8, close authority 4+32. */
const OWNER_AT = 32
const AMOUNT_AT = 64
const DELEGATE_AT = 72
const CLOSE_AUTHORITY_AT = 129
const OPTION_BYTES = 36
const TOKEN_ACCOUNT_BYTES = 165

const ofPayer = ({ before, after }: Change): string | undefined => {
  const lost = (before?.lamports ?? 0n) - (after?.lamports ?? 0n)
  if (lost > MOST_COST_LAMPORTS) return `pays ${lost} lamports`
  return after && after.owner !== SYSTEM_PROGRAM ? `is given to ${after.owner}` : undefined
}

const ofWallet = ({ before, after }: Change): string | undefined => {
  if ((after?.lamports ?? 0n) < (before?.lamports ?? 0n)) return 'loses lamports'
  return after && after.owner !== SYSTEM_PROGRAM ? `is given to ${after.owner}` : undefined
}

const ofToken = ({ address, before, after }: Change, { wallet, input, output }: Expectation): string | undefined => {
  const was = tokenAccount(before)
  const is = tokenAccount(after)
  const mine = Buffer.from(bs58.decode(wallet))
  if (!was?.owner.equals(mine) && !is?.owner.equals(mine)) return undefined
  if (was?.owner.equals(mine) && !is) return 'is closed'
  if (is && !is.owner.equals(mine)) return 'is given away'
  if (is && !is.delegate.equals(was?.delegate ?? NONE)) return 'gets a delegate'
  if (is && !is.closeAuthority.equals(was?.closeAuthority ?? NONE)) return 'gets another close authority'
  const change = (is?.amount ?? 0n) - (was?.amount ?? 0n)
  if (address === input.account) return -change > input.most ? `pays ${-change}, at most ${input.most} is given` : undefined
  if (address === output.account) return change < output.least ? `is paid ${change}, at least ${output.least} is due` : undefined
  return change < 0n ? `loses ${-change}` : undefined
}

const NONE = Buffer.alloc(OPTION_BYTES)

const tokenAccount = (image: AccountImage | undefined) => {
  if (!image || !TOKEN_PROGRAMS.has(image.owner) || image.data.length < TOKEN_ACCOUNT_BYTES) return undefined
  const data = Buffer.from(image.data)
  return {
    owner: data.subarray(OWNER_AT, OWNER_AT + 32),
    amount: data.readBigUInt64LE(AMOUNT_AT),
    delegate: option(data, DELEGATE_AT),
    closeAuthority: option(data, CLOSE_AUTHORITY_AT),
  }
}

/** An unset option may carry old bytes: they mean nothing. */
const option = (data: Buffer, at: number): Buffer => (data.readUInt32LE(at) === 0 ? NONE : data.subarray(at, at + OPTION_BYTES))
