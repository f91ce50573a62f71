import fc from 'fast-check'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import type { AccountState } from '../../../src/commands/account/state.ts'
import type { AttemptState } from '../../../src/commands/transaction/attempt-state.ts'
import {
  cancel,
  charged,
  expired,
  FEE,
  failed,
  finalized,
  INSTRUMENT,
  landed,
  limit,
  mid,
  place,
  replace,
  request,
  SOL,
  signed,
  sol,
  swap,
  USDC,
  usdc,
  vanished,
  WALLET,
} from './account-story.ts'

/** A step names no id of its own: it picks among what the account has by a number, so that most steps meet something. */
export interface Step {
  readonly kind: (typeof KINDS)[number]
  readonly pick: number
  readonly size: number
  readonly flavour: number
}
export const KINDS = [
  'place',
  'place',
  'cancel',
  'deposit',
  'arrive',
  'trigger',
  'kill',
  'sign',
  'sign',
  'land',
  'land',
  'fail',
  'expire',
  'unknown',
  'vanish',
  'finalize',
  'giveUp',
  'trail',
  'expireOrder',
  'deadMan',
  'withdraw',
  'confirm',
  'cancelPayout',
  'transfer',
  'signPayout',
  'signPayout',
  'failPayout',
  'receive',
  'complete',
  'replace',
  'replace',
  'cancelAs',
  'takeBack',
  'place',
  'sign',
  'sign',
  'land',
  'land',
  'vanish',
  'vanish',
  'trigger',
  'list',
] as const

export const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  pick: fc.nat(30),
  size: fc.integer({ min: 1, max: 40 }),
  flavour: fc.nat(13),
})

const KINDS_OF_ORDER = [
  (clOrdId: string, n: number) => request({ clOrdId, orderQty: sol(n / 10) }),
  (clOrdId: string, n: number) => request({ clOrdId, orderQty: null, cashOrderQty: usdc(n) }),
  (clOrdId: string, n: number) => request({ clOrdId, side: 'sell', orderQty: sol(n / 10), timeInForce: 'fok' }),
  (clOrdId: string, n: number) => request({ clOrdId, side: 'sell', orderQty: null, cashOrderQty: usdc(n) }),
  (clOrdId: string, n: number) => limit({ clOrdId, orderQty: sol(n / 10) }),
  (clOrdId: string, n: number) => limit({ clOrdId, side: 'sell', orderQty: sol(n / 10) }),
  (clOrdId: string, n: number) => limit({ clOrdId, timeInForce: 'ioc', orderQty: sol(n / 10) }),
  (clOrdId: string, n: number) =>
    request({ clOrdId, type: 'stop', timeInForce: 'gtc', side: 'sell', stopPrice: '100', orderQty: sol(n / 10) }),
  (clOrdId: string, n: number) => limit({ clOrdId, type: 'stop_limit', timeInForce: 'day', stopPrice: '100', orderQty: sol(n / 10) }),
  (clOrdId: string, n: number) =>
    request({ clOrdId, type: 'trailing_stop', timeInForce: 'gtc', trailingOffset: { kind: 'bps', value: 20 }, orderQty: sol(n / 10) }),
  (clOrdId: string, n: number) => limit({ clOrdId, timeInForce: 'gtd', expireAt: 5_000, orderQty: sol(n / 10), strategyId: 's' }),
] as const

/** The few steps that a timer takes come late: all else happens before the deadlines. */
export const timeOf = ({ kind, flavour, pick }: Step): number =>
  kind === 'expireOrder' ? (pick === 0 ? 90_000_000 : pick < 8 ? 5_000 : 1_000) : kind === 'deadMan' && flavour < 2 ? 5_000 : 1_000

export const commandOf = (state: AccountState, { kind, pick, size, flavour }: Step, index: number): AccountCommand => {
  const orders = [...state.orders.keys(), 999]
  const number = orders[pick % orders.length]!
  const attempts = [...state.attempts.values(), ...state.earlier.values()]
  const attempt: AttemptState | undefined = attempts[pick % Math.max(1, attempts.length)]
  const [ref, n] = [attempt?.ref ?? '999', attempt?.attempt ?? 1]
  const deposits = [...state.deposits.keys(), 'none']
  const depositId = deposits[pick % deposits.length]!
  const payouts = [...state.payouts.keys(), 'w-none']
  const payout = payouts[pick % payouts.length]!
  const payoutId = payout.slice(2)
  switch (kind) {
    case 'place': {
      const clOrdId = flavour > 11 ? `c-${pick}` : `n-${index}`
      const placed = place(KINDS_OF_ORDER[flavour % KINDS_OF_ORDER.length]!(clOrdId, size), '100', flavour === 11 ? 'none' : 'available')
      return pick % 2 === 0 ? charged(placed, { ...FEE, bps: size * 7 }) : placed
    }
    case 'cancel':
      return { type: 'CancelOrder', number: flavour > 8 ? pick : number }
    case 'cancelAs':
      return cancel(number, flavour > 11 ? `n-${pick}` : `x-${index}`)
    case 'replace': {
      const order = state.orders.get(number)
      const change = flavour % 3 === 0 && order?.price ? { price: String(90 + (size % 20)) } : { orderQty: sol(size / 8) }
      return replace(number, flavour > 11 ? `n-${pick}` : `r-${index}`, order?.cashOrderQty ? { cashOrderQty: usdc(size) } : change)
    }
    case 'takeBack':
      return { type: 'WithdrawRequest', number, clOrdId: state.orders.get(number)?.requests[0]?.clOrdId ?? 'none' }
    case 'list':
      return listOf(index, size, flavour)
    case 'deposit':
      return { type: 'RequestDeposit', depositId: `x-${pick}`, asset: flavour % 2 ? SOL : USDC, amount: BigInt(size) }
    case 'arrive':
      return {
        ...{ type: 'BookUnrequestedCredit', signature: `gift-${pick}`, slot: pick, amount: BigInt(size) },
        ...(flavour % 3 === 0 ? { asset: SOL, tokenAccount: WALLET } : { asset: USDC, tokenAccount: 'ata-usdc' }),
      }
    case 'trigger':
      return { type: 'TriggerOrder', number, trigger: mid(flavour === 0 ? '0' : '100', Math.max(1_000, state.lastAt)) }
    case 'trail':
      return { type: 'TrailOrder', number, quote: mid(String(100 - size / 10), Math.max(1_000, state.lastAt)), tickSize: '0.01' }
    case 'expireOrder':
      return { type: 'ExpireOrder', number: [...state.orders.values()].find((o) => o.expireAt !== null)?.number ?? number }
    case 'deadMan':
      return flavour > 3 ? { type: 'ArmDeadMan', timeoutMs: flavour === 4 ? 0 : 1_000 } : { type: 'FireDeadMan' }
    case 'kill':
      return { type: 'KillOrder', number, text: 'NO_ROUTE' }
    case 'sign': {
      if (flavour > 7) return signed(`d-${depositId}`, (state.attempts.get(`d-${depositId}`)?.attempt ?? 0) + 1, 'deposit')
      return signed(String(number), (state.attempts.get(String(number))?.attempt ?? 0) + (flavour === 0 ? 2 : 1))
    }
    case 'land':
      return landed(ref, deltasOf(state, ref, size, flavour), n)
    case 'fail':
      return failed(ref, flavour % 2 ? 'custom:6001' : 'custom:1', n)
    case 'expire':
      return expired(ref, n)
    case 'unknown':
      return { type: 'BookUnknown', ref, attempt: n, signature: `sig-${ref}-${n}`, reason: 'silent' }
    case 'vanish':
      return vanished(ref, n, flavour === 0 ? 7 : (attempt?.generation ?? 1))
    case 'finalize':
      return finalized(ref, n, flavour === 0 ? 7 : (attempt?.generation ?? 1))
    case 'withdraw':
      return {
        type: 'RequestWithdrawal',
        withdrawalId: `${pick}`,
        asset: flavour % 2 ? SOL : USDC,
        amount: BigInt(size) * 1_000_000n,
        destination: 'X',
      }
    case 'transfer':
      return {
        type: 'RequestTransfer',
        transferId: `${pick}`,
        asset: flavour % 2 ? SOL : USDC,
        amount: BigInt(size) * 1_000_000n,
        to: 'other',
      }
    case 'confirm':
      return { type: 'ConfirmWithdrawal', withdrawalId: payoutId }
    case 'cancelPayout':
      return { type: 'CancelWithdrawal', withdrawalId: payoutId }
    case 'signPayout':
      return signed(payout, (state.attempts.get(payout)?.attempt ?? 0) + 1, payout.startsWith('w-') ? 'withdrawal' : 'transfer')
    case 'failPayout':
      return { type: 'FailPayout', ref: payout, reason: 'custom:1' }
    case 'receive':
      return { type: 'ReceiveTransfer', transferId: `${pick}`, from: 'other', asset: 'USDC', amount: BigInt(size), signature: 's' }
    case 'complete':
      return { type: 'CompleteTransfer', transferId: payoutId }
    case 'giveUp':
      return { type: 'FailDeposit', depositId, reason: 'no faucet' }
    default:
      return kind satisfies never
  }
}

/** What a swap or a credit can change in the wallet: all of the order, part of it, more than it, nothing, or nonsense. */
const deltasOf = (state: AccountState, ref: string, size: number, flavour: number) => {
  const deposit = state.deposits.get(ref.slice(2))
  if (deposit)
    return flavour === 0
      ? []
      : [{ tokenAccount: 'ata', owner: WALLET, mint: deposit.mint, amount: (deposit.amount + BigInt(flavour - 1)).toString() }]
  const payout = state.payouts.get(ref)
  if (payout)
    return [{ tokenAccount: 'ata', owner: WALLET, mint: payout.mint, amount: (-payout.amount - BigInt(flavour > 9 ? 1 : 0)).toString() }]
  const order = state.orders.get(Number(ref))
  if (!order || flavour === 0) return []
  const held = order.reserved.amount > 0n ? order.reserved.amount : 1_000_000n
  const full = order.orderQty ?? sol(size / 100)
  const base = flavour < 4 ? full : flavour < 6 ? full / 3n + 1n : full + BigInt(order.side === 'buy' ? size : 0)
  const quote = order.side === 'buy' ? held - held / 50n : (order.cashOrderQty ?? usdc(size))
  return (order.side === 'buy') === (flavour !== 11) ? swap(base, -quote) : swap(-base, quote)
}

const listOf = (index: number, size: number, flavour: number): AccountCommand => {
  const kind = (['oco', 'oto', 'bracket'] as const)[flavour % 3]!
  const exit = kind === 'oco' ? ('buy' as const) : ('sell' as const)
  const qty = sol(size / 10)
  const legs = [
    kind === 'oco' ? limit({ clOrdId: `l-${index}-0`, orderQty: qty }) : request({ clOrdId: `l-${index}-0`, orderQty: qty }),
    limit({ clOrdId: `l-${index}-1`, side: exit, orderQty: sol((size + flavour) / 10) }),
    limit({ clOrdId: `l-${index}-2`, side: exit, type: 'stop_limit', stopPrice: '100', orderQty: qty }),
  ]
  const used = kind === 'bracket' ? legs : legs.slice(0, 2)
  return charged({ type: 'PlaceList', listId: `L-${index}`, kind, legs: used, instrument: INSTRUMENT, reference: mid('100') })
}
