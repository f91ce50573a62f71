import type { AccountCommand, Decision, OrderRequest } from '../../../src/commands/account/command.ts'
import { decide } from '../../../src/commands/account/decide.ts'
import { evolve } from '../../../src/commands/account/evolve.ts'
import { type AccountState, EMPTY_ACCOUNT } from '../../../src/commands/account/state.ts'
import type { Change } from '../../../src/commands/order/requests.ts'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import type { TokenDelta } from '../../../src/events/account/transaction-events.ts'
import type { PriceCitation } from '../../../src/events/fields.ts'
import { PLAIN } from '../../../src/events/order-terms.ts'
import type { Asset, Instrument } from '../../../src/events/reference/reference-event.ts'
import type { TradingFee } from '../../../src/events/trading-fee.ts'
import type { Refusal } from '../../../src/platform/http/problem.ts'

export const SOL: Asset = { asset: 'SOL', mint: 'MintSOL', decimals: 9 }
export const USDC: Asset = { asset: 'USDC', mint: 'MintUSDC', decimals: 6 }
export const INSTRUMENT: Instrument = {
  symbol: 'SOL/USDC',
  version: 1,
  base: SOL,
  quote: USDC,
  tickSize: '0.01',
  lotSize: '0.001',
  status: 'trading',
}
export const WALLET = 'WalletOfTheAccount'

/** 1 SOL and 1 USDC in base units. */
export const sol = (n: number): bigint => BigInt(Math.round(n * 1e9))
export const usdc = (n: number): bigint => BigInt(Math.round(n * 1e6))

export const mid = (price: string, time = 1_000): PriceCitation => ({ price, sourceId: 'test', time })

/** A market buy of 1 SOL, unless told otherwise. */
export const request = (r: Partial<OrderRequest> = {}): OrderRequest => ({
  clOrdId: 'c-1',
  symbol: 'SOL/USDC',
  side: 'buy',
  type: 'market',
  timeInForce: 'ioc',
  orderQty: sol(1),
  cashOrderQty: null,
  price: null,
  maxSlippageBps: 100,
  ...PLAIN,
  ...r,
})
export const limit = (r: Partial<OrderRequest> = {}): OrderRequest => request({ type: 'limit', timeInForce: 'gtc', price: '100', ...r })

export const place = (r: OrderRequest, price = '100', route: 'unprobed' | 'available' | 'none' = 'available'): AccountCommand => ({
  type: 'PlaceOrder',
  request: r,
  instrument: INSTRUMENT,
  reference: mid(price),
  route,
})

/** 25 bps, by version 2 of a schedule. */
export const FEE: TradingFee = { bps: 25, tier: 1, schedule: { streamId: 'instrument-SOL/USDC', revision: 3, version: 2 } }
/** The same with a trading fee in force. */
export const charged = (command: AccountCommand, fee: TradingFee = FEE): AccountCommand => ({ ...command, fee }) as AccountCommand

export const replace = (number: number, clOrdId: string, change: Partial<Change>): AccountCommand => ({
  ...{ type: 'ReplaceOrder', number, clOrdId },
  change: { orderQty: null, cashOrderQty: null, price: null, stopPrice: null, ...change },
})
export const cancel = (number = 1, clOrdId?: string): AccountCommand => ({
  ...{ type: 'CancelOrder', number },
  ...(clOrdId === undefined ? {} : { clOrdId }),
})

type Purpose = Extract<AccountCommand, { type: 'RecordSigned' }>['purpose']

export const signed = (ref: string, attempt = 1, purpose: Purpose = 'swap'): AccountCommand => ({
  type: 'RecordSigned',
  ref,
  attempt,
  signature: `sig-${ref}-${attempt}`,
  purpose,
  rawBytes: 'AAAA',
  lastValidBlockHeight: 150,
  minSlot: 1,
  quoted: null,
})

/** The wallet's changes of base and quote, in base units. */
export const swap = (base: bigint, quote: bigint): TokenDelta[] => [
  { tokenAccount: 'ata-sol', owner: WALLET, mint: SOL.mint, amount: base.toString() },
  { tokenAccount: 'ata-usdc', owner: WALLET, mint: USDC.mint, amount: quote.toString() },
  { tokenAccount: 'pool', owner: 'Pool', mint: SOL.mint, amount: (-base).toString() },
]
/** USDC that left the wallet. */
export const left = (amount: bigint): TokenDelta[] => [
  { tokenAccount: 'ata-USDC', owner: WALLET, mint: USDC.mint, amount: (-amount).toString() },
  { tokenAccount: 'theirs', owner: 'Elsewhere', mint: USDC.mint, amount: amount.toString() },
]
const key = (ref: string, attempt: number) => ({ ref, attempt, signature: `sig-${ref}-${attempt}` })
export const landed = (ref: string, deltas: TokenDelta[], attempt = 1): AccountCommand => ({
  type: 'BookLanded',
  ...key(ref, attempt),
  slot: 10,
  fee: '5000',
  priorityFee: '0',
  tip: '0',
  rent: '0',
  deltas,
})
export const failed = (ref: string, error = 'custom:6001', attempt = 1): AccountCommand => ({
  type: 'BookFailed',
  ...key(ref, attempt),
  slot: 10,
  fee: '5000',
  priorityFee: '0',
  error,
})
export const expired = (ref: string, attempt = 1): AccountCommand => ({ type: 'BookExpired', ...key(ref, attempt), proof: [] })
export const vanished = (ref: string, attempt = 1, generation = 1): AccountCommand => ({
  type: 'BookVanished',
  ...key(ref, attempt),
  generation,
  slot: 10,
})
export const finalized = (ref: string, attempt = 1, generation = 1): AccountCommand => ({
  type: 'BookFinalized',
  transactions: [{ ...key(ref, attempt), generation }],
  slot: 50,
})

/** Two attempts of order 1, a buy, that can both land: the first brought the least there is, the second is for the rest, and a fork took the first back. */
export const bothOpen = (): readonly AccountCommand[] => {
  const trigger: AccountCommand = { type: 'TriggerOrder', number: 1, trigger: mid('90') }
  return [trigger, signed('1'), landed('1', swap(1n, -1n)), trigger, signed('1', 2), vanished('1')]
}

/** An account that takes commands one after the other, as its stream would. */
export interface Story {
  readonly state: AccountState
  readonly events: readonly AccountEvent[]
  /** Decides and applies; answers what was decided. */
  does(command: AccountCommand, time?: number): Decision
  /** Signed beside a failure that was not final, as in logs from before that was refused: what they hold is followed as ever. */
  wasSigned(command: AccountCommand): void
}

export const story = (...commands: readonly AccountCommand[]): Story => {
  let state = EMPTY_ACCOUNT
  const events: AccountEvent[] = []
  const does = (command: AccountCommand, time = 1_000): Decision => {
    const decision = decide(state, command, time)
    for (const event of decision.events) state = evolve(state, event, state.revision + 1n)
    events.push(...decision.events)
    return decision
  }
  const wasSigned = (command: AccountCommand): void => {
    if (command.type !== 'RecordSigned') throw new Error('only signatures')
    const { type: _type, builtFor: _builtFor, control: _control, ...data } = command
    const event: AccountEvent = { type: 'TransactionSigned', data: { ...data, at: 1_000 } }
    state = evolve(state, event, state.revision + 1n)
    events.push(event)
  }
  for (const command of commands) does(command)
  return {
    get state() {
      return state
    },
    events,
    does,
    wasSigned,
  }
}

/** An account with a wallet and 1,000 USDC and 10 SOL that are final. */
export const funded = (accountId = 'acct'): Story => {
  const s = story({ type: 'OpenAccount', accountId }, { type: 'AssignWallet', publicKey: WALLET, path: 'm' })
  const deposit = (depositId: string, asset: Asset, amount: bigint): void => {
    s.does({ type: 'RequestDeposit', depositId, asset, amount })
    s.does(signed(`d-${depositId}`, 1, 'deposit'))
    s.does(landed(`d-${depositId}`, [{ tokenAccount: `ata-${asset.asset}`, owner: WALLET, mint: asset.mint, amount: amount.toString() }]))
    s.does(finalized(`d-${depositId}`))
  }
  deposit('usdc', USDC, usdc(1_000))
  deposit('sol', SOL, sol(10))
  return s
}

/** The same after these commands. */
export const given = (...commands: readonly AccountCommand[]): Story => {
  const s = funded()
  for (const command of commands) s.does(command)
  return s
}

export const balance = (s: Story, asset: string): readonly [available: bigint, reserved: bigint] => {
  const { available, reserved } = s.state.balances.get(asset) ?? { available: 0n, reserved: 0n }
  return [available, reserved]
}
export const typesOf = (decision: Decision): string[] => decision.events.map(({ type }) => type)
export const statusOf = (s: Story, number: number): string | undefined => s.state.orders.get(number)?.ordStatus
export const codeOf = ({ answer }: Decision): string => (answer.kind === 'refused' ? answer.refusal.code : answer.kind)
/** Why nothing was done, else the kind of the answer. */
export const reasonOf = ({ answer }: Decision): string => (answer.kind === 'ignored' ? answer.reason : answer.kind)
/** What was refused, and everything that is said of it. */
export const refusalOf = ({ answer }: Decision): Refusal | undefined => (answer.kind === 'refused' ? answer.refusal : undefined)
