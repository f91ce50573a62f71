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

const usdc = (amount: string) => ({ asset: 'USDC', amount })
const PAIR = { symbol: 'SOL/USDC', side: 'buy', base: 'SOL', quote: 'USDC', baseDecimals: 9, quoteDecimals: 6 } as const

/** What takes a purchase of order `number` along, or back. */
const ofTrade = (type: 'TransactionLandedLate' | 'TransactionVanished', number: number, attempt: number, qty: string) =>
  ({
    cause: { type, ref: String(number), attempt },
    command: `o-c-${number}`,
    reverses: 'trade',
    effect: { asset: 'SOL', amount: qty },
  }) as const

/** The events of one account that buys SOL for USDC, one function each. */
export const storyOf = (accountId: string) => {
  const event = <T extends AccountEventType>(type: T, data: DataOf<T>): AccountEvent => ({ type, data }) as AccountEvent
  const id = (number: number): string => `${accountId}.${number}`
  return {
    opened: () => event('AccountOpened', { accountId, at: 1 }),
    depositRequested: (depositId: string, amount: string) =>
      event('FundsDepositRequested', { depositId, asset: 'USDC', mint: INSTRUMENT.quoteMint, amount, decimals: 6, at: 1 }),
    credited: (depositId: string, amount: string) =>
      event('FundsCredited', { depositId, asset: 'USDC', amount, signature: `s-${depositId}`, tokenAccount: 't', at: 1 }),
    accepted: (number: number, reserved = '300000000') =>
      event('OrderAccepted', {
        orderId: id(number),
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
        strategyId: null,
        trailingOffset: null,
        reduceOnly: false,
        postOnly: false,
        list: null,
        algo: null,
        instrument: INSTRUMENT,
        reserved: usdc(reserved),
        reference: null,
        fee: null,
        at: 1,
      }),
    traded: (number: number, qty: string, quote: string, ordStatus: 'PartiallyFilled' | 'Filled', { attempt = 1, released = '0' } = {}) =>
      event('TradeBooked', {
        ...PAIR,
        execId: `${id(number)}.${attempt}.1`,
        orderId: id(number),
        attempt,
        generation: 1,
        signature: 's',
        lastQty: qty,
        lastQuote: quote,
        released: usdc(released),
        ordStatus,
        at: 1,
      }),
    overfilled: (number: number, qty: string, quote: string) =>
      event('TradeOverfilled', {
        ...PAIR,
        execId: `${id(number)}.2.1`,
        orderId: id(number),
        attempt: 2,
        generation: 1,
        signature: 's-2',
        strategyId: null,
        lastQty: qty,
        lastQuote: quote,
        compensates: ofTrade('TransactionLandedLate', number, 2, qty),
        at: 1,
      }),
    busted: (number: number, qty: string, quote: string, reserved: string) =>
      event('TradeCanceled', {
        ...PAIR,
        execId: `${id(number)}.1.1.cancel`,
        execRefId: `${id(number)}.1.1`,
        orderId: id(number),
        busted: { qty, quote },
        ordStatus: null,
        reserved: usdc(reserved),
        compensates: ofTrade('TransactionVanished', number, 1, qty),
        at: 1,
      }),
    cancelRequested: (number: number) =>
      event('OrderCancelRequested', { orderId: id(number), clOrdId: null, text: 'USER_REQUESTED', at: 1 }),
    canceled: (number: number, text = 'USER_REQUESTED', released = '0') =>
      event('OrderCanceled', {
        orderId: id(number),
        clOrdId: null,
        text,
        released: usdc(released),
        compensates: null,
        ordStatus: 'Canceled',
        at: 1,
      }),
    signed: (ref: string, attempt = 1) =>
      event('TransactionSigned', {
        ref,
        attempt,
        signature: 's',
        purpose: 'swap',
        rawBytes: 'c2VjcmV0',
        lastValidBlockHeight: 1,
        minSlot: 0,
        quoted: null,
        at: 1,
      }),
    landed: (ref: string, attempt = 1) =>
      event('TransactionLanded', {
        ref,
        attempt,
        signature: 's',
        generation: 1,
        slot: 1,
        fee: '0',
        priorityFee: '0',
        tip: '0',
        rent: '0',
        deltas: [],
        at: 1,
      }),
    finalized: (...refs: string[]) =>
      event('TransactionsFinalized', {
        transactions: refs.map((ref) => ({ ref, attempt: 1, signature: 's', generation: 1 })),
        settled: [],
        slot: 1,
        at: 1,
      }),
  }
}
