import type { AccountEvent, AccountEventType, DataOf } from '../../../src/events/account/account-event.ts'
import { ACCOUNT_EVENTS } from '../../../src/events/account/account-event.ts'
import type { InstrumentTerms } from '../../../src/events/fields.ts'
import { referenceEvent } from '../../../src/events/log-identity.ts'
import type { EventStore, NewEvent, Position } from '../../../src/events/store/event-store.ts'
import { accountStream } from '../../../src/events/streams.ts'

/** A small generator with a seed (mulberry32): the same seed gives the same history. */
export const random = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

export const SOL_USDC: InstrumentTerms = {
  symbol: 'SOL/USDC',
  version: 1,
  base: 'SOL',
  quote: 'USDC',
  baseMint: 'So11111111111111111111111111111111111111112',
  quoteMint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGkZwyTDt1v',
  baseDecimals: 9,
  quoteDecimals: 6,
}

/** Appends are lists of events that belong together. */
export type Append = readonly AccountEvent[]

const event = <T extends AccountEventType>(type: T, data: DataOf<T>): AccountEvent => {
  ACCOUNT_EVENTS[type].parse(data)
  return { type, data } as AccountEvent
}

/** A realistic account: deposits that arrive or fail, orders that fill, rest, are rejected, canceled, fail on the chain, vanish and land again. */
export const accountHistory = (accountId: string, seed: number, orders: number): readonly Append[] => {
  const below = random(seed)
  const appends: Append[] = []
  let at = 1_700_000_000_000 + seed
  const now = (): number => {
    at += 1 + below(1000)
    return at
  }
  let signatures = 0
  const signature = (): string => `sig-${accountId}-${++signatures}`
  const signed = (ref: string, attempt: number, sig: string, purpose: 'swap' | 'deposit') =>
    event('TransactionSigned', {
      ...{ ref, attempt, signature: sig, purpose, rawBytes: 'AAAA', lastValidBlockHeight: 1000, minSlot: 10, quoted: null, at: now() },
    })
  const landed = (ref: string, attempt: number, sig: string, generation = 1) =>
    event('TransactionLanded', {
      ref,
      attempt,
      signature: sig,
      generation,
      slot: 100 + below(1000),
      fee: '5000',
      priorityFee: '1000',
      tip: '0',
      rent: '0',
      deltas: [],
      at: now(),
    })

  appends.push([event('AccountOpened', { accountId, at: now() })])
  appends.push([event('WalletAssigned', { publicKey: `pk-${accountId}`, path: "m/44'/501'/1'", at: now() })])
  deposit('d-1', '1000000000000', true)
  for (let n = 1; n <= orders; n++) {
    if (below(10) === 0) deposit(`d-${n}x`, String(1 + below(5_000_000)), below(3) > 0)
    order(n, below(7))
    if (below(4) === 0) finalize()
  }
  return appends

  function deposit(depositId: string, amount: string, arrives: boolean): void {
    const sig = signature()
    const ref = `d-${depositId}`
    appends.push([event('FundsDepositRequested', { depositId, asset: 'USDC', mint: SOL_USDC.quoteMint, amount, decimals: 6, at: now() })])
    appends.push([signed(ref, 1, sig, 'deposit')])
    if (arrives)
      appends.push([
        landed(ref, 1, sig),
        event('FundsCredited', { depositId, asset: 'USDC', amount, signature: sig, tokenAccount: `ta-${accountId}`, at: now() }),
      ])
    else
      appends.push([
        event('TransactionFailed', {
          ref,
          attempt: 1,
          signature: sig,
          generation: 1,
          slot: 5,
          fee: '5000',
          priorityFee: '0',
          error: 'custom:1',
          at: now(),
        }),
        event('FundsDepositFailed', {
          ...{ depositId, reason: 'failed on the chain', at: now() },
          compensates: {
            cause: { type: 'TransactionFailed', ref, attempt: 1 },
            command: `d-${depositId}`,
            reverses: 'deposit',
            effect: { asset: 'USDC', amount },
          },
        }),
      ])
  }

  function finalize(): void {
    const sig = `sig-${accountId}-1`
    appends.push([
      event('TransactionsFinalized', {
        transactions: [{ ref: 'd-d-1', attempt: 1, signature: sig, generation: 1 }],
        settled: [],
        slot: 2000,
        at: now(),
      }),
    ])
  }

  function order(number: number, kind: number): void {
    const orderId = `${accountId}.${number}`
    const qty = BigInt(1 + below(2_000_000_000))
    const quote = (qty * BigInt(100_000 + below(100_000))) / 1_000_000_000n + 1n
    const held = quote + BigInt(below(1000))
    const ref = String(number)
    const terms = {
      ...{
        orderId,
        number,
        clOrdId: `c-${number}`,
        termsHash: 'x',
        side: 'buy' as const,
        type: 'market' as const,
        timeInForce: 'ioc' as const,
      },
      ...{
        orderQty: String(qty),
        cashOrderQty: null,
        price: null,
        stopPrice: null,
        maxSlippageBps: 50,
        expireAt: null,
        strategyId: null,
        trailingOffset: null,
        reduceOnly: false,
        postOnly: false,
        list: null,
        algo: null,
        instrument: SOL_USDC,
      },
    }
    if (kind === 0) {
      appends.push([event('OrderRejected', { ...terms, why: null, code: 'insufficient_funds', text: 'not enough USDC', at: now() })])
      return
    }
    const usdc = (amount: bigint) => ({ asset: 'USDC', amount: String(amount) })
    const canceled = (text: string, released: bigint, cause: string | null) =>
      event('OrderCanceled', {
        ...{ orderId, clOrdId: null, text, released: usdc(released), ordStatus: 'Canceled', at: now() },
        compensates: cause
          ? { cause: { type: cause, ref, attempt: 1 }, command: `o-c-${number}`, reverses: 'reservation', effect: usdc(released) }
          : null,
      })
    appends.push([event('OrderAccepted', { ...terms, reserved: usdc(held), reference: null, fee: null, at: now() })])
    if (kind === 1) {
      appends.push([canceled('USER_REQUESTED', held, null)])
      return
    }
    const sig = signature()
    appends.push([signed(ref, 1, sig, 'swap')])
    if (kind === 2) {
      appends.push([event('OrderCancelRequested', { orderId, clOrdId: null, text: 'USER_REQUESTED', at: now() })])
      const failed = {
        ref,
        attempt: 1,
        signature: sig,
        generation: 1,
        slot: 7,
        fee: '5000',
        priorityFee: '0',
        error: 'custom:6001',
        at: now(),
      }
      appends.push([event('TransactionFailed', failed), canceled('SLIPPAGE', held, 'TransactionFailed')])
      return
    }
    if (kind === 3) {
      appends.push([event('TransactionOutcomeUnknown', { ref, attempt: 1, signature: sig, reason: 'no endpoint answers', at: now() })])
      const proof = [{ endpoint: 'a', finalizedHeight: 1001, slot: 1200 }]
      appends.push([
        event('TransactionExpired', { ref, attempt: 1, signature: sig, proof, at: now() }),
        canceled('EXECUTION_FAILED', held, 'TransactionExpired'),
      ])
      return
    }
    const traded = (generation: number, paid: bigint, released: bigint) =>
      event('TradeBooked', {
        ...{ execId: `${orderId}.1.${generation}`, orderId, attempt: 1, generation, signature: sig, symbol: 'SOL/USDC', side: 'buy' },
        ...{ base: 'SOL', quote: 'USDC', baseDecimals: 9, quoteDecimals: 6, lastQty: String(qty), lastQuote: String(paid) },
        ...{ released: usdc(released), ordStatus: 'Filled', at: now() },
      })
    appends.push([landed(ref, 1, sig), traded(1, quote, held - quote)])
    if (kind !== 4) return
    appends.push([
      event('TransactionVanished', { ref, attempt: 1, signature: sig, generation: 1, slot: 100, returned: null, at: now() }),
      event('TradeCanceled', {
        ...{ execId: `${orderId}.1.1x`, execRefId: `${orderId}.1.1`, orderId, symbol: 'SOL/USDC', side: 'buy', base: 'SOL', quote: 'USDC' },
        ...{
          baseDecimals: 9,
          quoteDecimals: 6,
          busted: { qty: String(qty), quote: String(quote) },
          reserved: usdc(held),
          ordStatus: 'New',
          at: now(),
        },
        compensates: {
          cause: { type: 'TransactionVanished', ref, attempt: 1 },
          command: `o-c-${number}`,
          reverses: 'trade',
          effect: usdc(quote),
        },
      }),
    ])
    appends.push([landed(ref, 1, sig, 2), traded(2, quote, held - quote)])
  }
}

let appended = 0

/** Appends of one account, each with its exact revision; returns the last position. */
export const append = async (store: EventStore, accountId: string, appends: readonly Append[], after = -1n): Promise<Position> => {
  let revision = after
  let position: Position = { commit: 0n, prepare: 0n }
  for (const events of appends) {
    const recorded = events.map(recordable)
    const once = () => store.append(accountStream(accountId), revision < 0n ? 'no_stream' : revision, recorded)
    let outcome = await once()
    // a machine that is too busy to answer in time: the same ids again are the same events
    while (outcome.kind === 'unknown') outcome = await once()
    if (outcome.kind !== 'appended') throw new Error(`append: ${outcome.kind}`)
    revision += BigInt(events.length)
    position = outcome.position
  }
  return position
}

/** An event with the metadata that every event carries. */
export const recordable = (one: { readonly type: string; readonly data: unknown }): NewEvent =>
  referenceEvent(`test-${process.pid}-${++appended}-${String(performance.now())}`, one.type, one.data, 'test', 0)
