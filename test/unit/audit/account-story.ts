import type { AccountEvent, AccountEventType, DataOf } from '../../../src/events/account/account-event.ts'

export const INSTRUMENT = {
  symbol: 'SOL/USDC',
  version: 1,
  base: 'SOL',
  quote: 'USDC',
  baseMint: 'So11111111111111111111111111111111111111112',
  quoteMint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
  baseDecimals: 9,
  quoteDecimals: 6,
}
const NOTHING = { asset: 'USDC', amount: '0' }
const CAUSE = {
  cause: { type: 'TransactionVanished', ref: '1', attempt: 1 },
  command: 'o-c-1',
  reverses: 'trade',
  effect: { asset: 'SOL', amount: '1' },
} as const

/** One event with its data, as written by the account `a`. */
const event = <T extends AccountEventType>(type: T, data: DataOf<T>): AccountEvent => ({ type, data }) as AccountEvent

export const accepted = (number: number, given: Partial<DataOf<'OrderAccepted'>> = {}): AccountEvent =>
  event('OrderAccepted', {
    orderId: `a.${number}`,
    number,
    clOrdId: `c-${number}`,
    termsHash: '00',
    side: 'buy',
    type: 'limit',
    timeInForce: 'gtc',
    orderQty: '2000000000',
    cashOrderQty: null,
    price: '150',
    stopPrice: null,
    maxSlippageBps: 50,
    expireAt: null,
    instrument: INSTRUMENT,
    reserved: { asset: 'USDC', amount: '300000000' },
    reference: null,
    at: number,
    ...given,
  })

export const traded = (number: number, qty: string, quote: string, ordStatus: 'PartiallyFilled' | 'Filled', attempt = 1): AccountEvent =>
  event('TradeBooked', {
    execId: `a.${number}.${attempt}.1`,
    orderId: `a.${number}`,
    attempt,
    generation: 1,
    signature: 's',
    symbol: INSTRUMENT.symbol,
    side: 'buy',
    base: 'SOL',
    quote: 'USDC',
    baseDecimals: 9,
    quoteDecimals: 6,
    lastQty: qty,
    lastQuote: quote,
    released: NOTHING,
    ordStatus,
    at: number,
  })

export const busted = (number: number, qty: string, quote: string, reserved: string): AccountEvent =>
  event('TradeCanceled', {
    execId: `a.${number}.1.1.cancel`,
    execRefId: `a.${number}.1.1`,
    orderId: `a.${number}`,
    symbol: INSTRUMENT.symbol,
    side: 'buy',
    base: 'SOL',
    quote: 'USDC',
    baseDecimals: 9,
    quoteDecimals: 6,
    busted: { qty, quote },
    reserved: { asset: 'USDC', amount: reserved },
    compensates: CAUSE,
    at: number,
  })

export const cancelRequested = (number: number): AccountEvent =>
  event('OrderCancelRequested', { orderId: `a.${number}`, text: 'USER_REQUESTED', at: number })
export const canceled = (number: number, text = 'USER_REQUESTED'): AccountEvent =>
  event('OrderCanceled', { orderId: `a.${number}`, text, released: NOTHING, compensates: null, at: number })
export const signed = (ref: string, attempt = 1): AccountEvent =>
  event('TransactionSigned', {
    ref,
    attempt,
    signature: 's',
    purpose: 'swap',
    rawBytes: 'AA==',
    lastValidBlockHeight: 1,
    minSlot: 0,
    quoted: null,
    at: 1,
  })
export const finalized = (...refs: string[]): AccountEvent =>
  event('TransactionsFinalized', { transactions: refs.map((ref) => ({ ref, attempt: 1, signature: 's', generation: 1 })), slot: 1, at: 1 })
export const opened = (): AccountEvent => event('AccountOpened', { accountId: 'a', at: 1 })
