import assert from 'node:assert/strict'
import type { AccountCommand, OrderRequest } from '../../../../src/commands/account/command.ts'
import { LimitRules } from '../../../../src/events/limit-rules.ts'
import {
  balance,
  cancel,
  codeOf,
  expired,
  FEE,
  failed,
  funded,
  given,
  INSTRUMENT,
  landed,
  limit,
  mid,
  place,
  reasonOf,
  refusalOf,
  request,
  type Story,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  usdc,
} from '../account-story.ts'

type Kind = 'oco' | 'oto' | 'bracket'
type PlaceList = Extract<AccountCommand, { type: 'PlaceList' }>
const list = (kind: Kind, legs: readonly OrderRequest[], rest: Partial<PlaceList> = {}): PlaceList => ({
  ...{ type: 'PlaceList', listId: 'L', kind, legs, instrument: INSTRUMENT, reference: mid('100') },
  ...rest,
})
const sell = (clOrdId: string, n: number, r: Partial<OrderRequest> = {}) =>
  limit({ clOrdId, side: 'sell', price: '120', orderQty: sol(n), ...r })
const stop = (clOrdId: string, n: number) =>
  request({ clOrdId, type: 'stop', side: 'sell', timeInForce: 'gtc', stopPrice: '90', orderQty: sol(n) })
const entry = (n = 2, r: Partial<OrderRequest> = {}) => limit({ clOrdId: 'entry', orderQty: sol(n), ...r })
const trigger = (number: number, price: string): AccountCommand => ({ type: 'TriggerOrder', number, trigger: mid(price) })
const oco = () => list('oco', [sell('a', 2), stop('b', 3)])
const bracket = () => list('bracket', [entry(), sell('a', 2), stop('b', 2)])
const order = (s: Story, number: number) => s.state.orders.get(number)!

describe('a list that is placed', () => {
  it('gives each leg its place, and what it waits for', () => {
    const places = (kind: Kind, n: number) => {
      const s = given(list(kind, [entry(), sell('a', 2), sell('b', 2)].slice(0, n)))
      return [...s.state.orders.values()].map(({ list: place }) => place)
    }
    const leg = (kind: Kind, n: number, waitsFor: number | null) => ({ listId: 'L', kind, leg: n, waitsFor })
    assert.deepEqual(places('oco', 2), [leg('oco', 0, null), leg('oco', 1, null)])
    assert.deepEqual(places('oto', 2), [leg('oto', 0, null), leg('oto', 1, 1)])
    assert.deepEqual(places('bracket', 3), [leg('bracket', 0, null), leg('bracket', 1, 1), leg('bracket', 2, 1)])
  })
  it('answers its orders as they are, the first time and again', () => {
    const s = funded()
    const answers = [s.does(oco()), s.does(oco())].map(({ events, answer }) => {
      assert.ok(answer.kind === 'list')
      return [events.length, answer.listId, answer.first, answer.orders.map(({ orderId, ordStatus }) => `${orderId} ${ordStatus}`)]
    })
    const orders = ['acct.1 New', 'acct.2 New']
    assert.deepEqual(answers, [
      [2, 'L', true, orders],
      [0, 'L', false, orders],
    ])
  })
  it('charges each leg the fee in force, and holds it against the limits in force', () => {
    const s = given(list('oco', [sell('a', 2), stop('b', 3)], { fee: FEE }))
    assert.deepEqual([order(s, 1).fee, order(s, 2).fee], [FEE, FEE])
    const rules = LimitRules.parse({ orderNotional: { USDC: '250' } })
    const limits = [{ scope: 'global', rules, setBy: { streamId: 'limit-global', revision: '0' } }]
    const refused = funded().does(list('oco', [sell('a', 2), sell('b', 3)], { limits }))
    assert.deepEqual([codeOf(refused), typesOf(refused)], ['limit_breached', ['OrderRejected']])
  })
  it('is refused as the leg that failed would be, by the first number', () => {
    const s = funded()
    const decision = s.does(list('oco', [sell('a', 2), sell('b', 50)]))
    const why = { rule: 'available_funds', limit: sol(8).toString(), value: sol(48).toString() }
    assert.deepEqual(refusalOf(decision), {
      ...{ code: 'insufficient_funds', detail: 'available SOL does not cover it', extra: { orderId: 'acct.1', why } },
    })
    const [event] = decision.events
    assert.ok(event?.type === 'OrderRejected')
    assert.deepEqual([event.data.orderId, event.data.number, event.data.clOrdId, event.data.why], ['acct.1', 1, 'b', why])
    assert.deepEqual([s.state.nextOrder, s.state.orders.size], [2, 0])
    assert.deepEqual(s.does(list('oco', [sell('a', 2), sell('b', 50)])).answer, { kind: 'repeated', revision: s.state.revision })
  })
  it('is refused without a record where one leg alone would be', () => {
    const decision = funded().does(list('oco', [sell('a', 2), sell('b', 1, { timeInForce: 'gtd', expireAt: 1 })]))
    assert.deepEqual([codeOf(decision), decision.events], ['invalid_request', []])
    const strategy = funded().does(list('oco', [sell('a', 2, { strategyId: 'x' }), sell('b', 1)], { strategyUnknown: true }))
    assert.deepEqual([codeOf(strategy), strategy.events], ['unknown_strategy', []])
  })
  it('has ids of its own: of its legs and of itself', () => {
    const used = { code: 'duplicate_cl_ord_id', detail: 'a clOrdId of the list was used before' }
    assert.deepEqual(refusalOf(given(place(limit({ clOrdId: 'a' }))).does(oco())), used, 'of an order alone')
    assert.deepEqual(refusalOf(given(oco()).does(list('oco', [sell('a', 2), stop('c', 3)]))), used, 'of another list')
    assert.deepEqual(refusalOf(given(oco(), cancel(1)).does(oco())), used, 'of a list that is over')
    const open = { code: 'duplicate_cl_ord_id', detail: 'a list L is open' }
    assert.deepEqual(refusalOf(given(oco()).does(list('oco', [sell('c', 2), stop('d', 3)]))), open)
  })
  it('is none of another list’s business, nor of an order’s alone', () => {
    const s = given(place(limit({ clOrdId: 'alone' })), oco())
    const decision = s.does({ ...list('oco', [sell('c', 2), stop('d', 3)]), listId: 'M' })
    assert.deepEqual(typesOf(decision), ['OrderAccepted', 'OrderAccepted'])
  })
  it('that was refused is another one with other terms', () => {
    const s = given(list('oco', [sell('a', 2), sell('b', 50)]))
    const detail = 'a clOrdId of the list was used before'
    assert.deepEqual(refusalOf(s.does(list('oco', [sell('a', 2), sell('b', 1)]))), { code: 'duplicate_cl_ord_id', detail })
  })
  it('is as exposed to a halt as each of its legs', () => {
    const control = { state: 'HALTED', scope: 'global', reason: 'r', setBy: undefined } as const
    assert.deepEqual(typesOf(funded().does(list('oco', [sell('a', 2), stop('b', 3)], { control }))), ['OrderRejected'])
  })
})

describe('the reservation of a group', () => {
  it('goes to the leg that is met, what it held itself included', () => {
    const s = given(oco())
    const moved = s.does(trigger(1, '121')).events.slice(0, 2)
    const to = (orderId: string, amount: bigint) => ({
      type: 'OrderReservationMoved',
      data: { orderId, reserved: { asset: 'SOL', amount: amount.toString() }, at: 1_000 },
    })
    assert.deepEqual(moved, [to('acct.2', -sol(1)), to('acct.1', sol(1))])
    assert.deepEqual([order(s, 1).reserved.amount, order(s, 2).reserved.amount], [sol(3), 0n])
  })
  it('comes from each leg that holds some of it', () => {
    const s = given(list('oco', [sell('a', 2), stop('b', 3), sell('c', 1)]))
    const moves = s.does(trigger(2, '89')).events.map(({ type, data }) => `${type} ${'orderId' in data && data.orderId}`)
    assert.deepEqual(moves, ['OrderReservationMoved acct.1', 'OrderReservationMoved acct.2', 'OrderTriggered acct.2'])
    assert.deepEqual(
      [1, 2, 3].map((n) => order(s, n).reserved.amount),
      [0n, sol(3), 0n],
    )
    assert.equal(reasonOf(s.does(trigger(3, '121'))), 'another order of its list is being executed', 'one of two')
  })
  it('does not move where the leg holds all of it, or has no group', () => {
    const s = given(list('oco', [sell('a', 3), stop('b', 2)]))
    assert.deepEqual(typesOf(s.does(trigger(1, '121'))), ['OrderTriggered'])
    assert.deepEqual(typesOf(given(list('oto', [entry(), sell('a', 1)])).does(trigger(1, '99'))), ['OrderTriggered'])
    assert.deepEqual(typesOf(given(place(limit())).does(trigger(1, '99'))), ['OrderTriggered'])
  })
  it('stays while another leg is being executed, or still can be', () => {
    const why = 'another order of its list is being executed'
    const s = given(oco(), trigger(2, '89'))
    assert.equal(reasonOf(s.does(trigger(1, '121'))), why, 'it is to be executed')
    s.does(signed('2'))
    assert.equal(reasonOf(s.does(trigger(1, '121'))), why, 'it is under way')
    s.does(failed('2'))
    assert.deepEqual(typesOf(s.does(trigger(1, '121'))), ['OrderReservationMoved', 'OrderReservationMoved', 'OrderTriggered'])
  })
})

describe('what a leg’s end means to the others', () => {
  const ends = (s: Story, command: AccountCommand) =>
    s
      .does(command)
      .events.flatMap(({ type, data }) => ('text' in data && 'orderId' in data ? [`${type} ${data.orderId} ${data.text}`] : []))

  it('ends the others of its group, and says why', () => {
    assert.deepEqual(ends(given(oco()), cancel(1)), ['OrderCanceled acct.1 USER_REQUESTED', 'OrderCanceled acct.2 OCO'])
    const gtd = given(list('oco', [sell('a', 2, { timeInForce: 'gtd', expireAt: 5_000 }), stop('b', 3)]))
    const [, other] = gtd.does({ type: 'ExpireOrder', number: 1 }, 5_000).events
    assert.equal(other?.type === 'OrderCanceled' && other.data.text, 'OCO')
  })
  it('asks for the end of a leg that is under way', () => {
    const s = given(oco(), trigger(2, '89'), signed('2'))
    assert.deepEqual(ends(s, cancel(1)), ['OrderCanceled acct.1 USER_REQUESTED', 'OrderCancelRequested acct.2 OCO'])
  })
  it('asks nothing of a leg whose end was asked for before', () => {
    const s = given(oco(), trigger(2, '89'), signed('2'), cancel(2, 'x'))
    assert.deepEqual(ends(s, cancel(1)), ['OrderCanceled acct.1 USER_REQUESTED', 'OrderCancelRequested acct.2 OCO'])
    const plain = given(oco(), trigger(2, '89'), signed('2'), cancel(2))
    assert.deepEqual(ends(plain, cancel(1)), ['OrderCanceled acct.1 USER_REQUESTED'])
  })
  it('ends what waited for a parent that brought nothing', () => {
    assert.deepEqual(ends(given(bracket()), cancel(1)).toSorted(), [
      ...['OrderCanceled acct.1 USER_REQUESTED', 'OrderCanceled acct.2 PARENT_ENDED', 'OrderCanceled acct.3 PARENT_ENDED'],
    ])
  })
  it('is nothing while the parent goes on, and nothing to orders beyond the list', () => {
    const s = given(bracket(), place(limit({ clOrdId: 'x', orderQty: sol(1) })), trigger(1, '99'), signed('1'))
    assert.deepEqual(typesOf(s.does(landed('1', swap(sol(1), -usdc(99))))), ['TransactionLanded', 'TradeBooked'])
    assert.deepEqual([order(s, 2).held, order(s, 3).held, statusOf(s, 4)], [true, true, 'New'])
  })
  it('ends the parent alone when a child is cancelled before it', () => {
    const s = given(list('oto', [entry(), sell('a', 2)]))
    assert.deepEqual(typesOf(s.does(cancel(2))), ['OrderCanceled'])
    assert.equal(statusOf(s, 1), 'New')
  })
})

describe('what a parent releases', () => {
  const filledBy = (s: Story, qty: number, attempt = 1) => {
    s.does(trigger(1, '99'))
    s.does(signed('1', attempt))
    return s.does(landed('1', swap(sol(qty), -usdc(qty * 99)), attempt))
  }
  const released = ({ events }: ReturnType<Story['does']>) => events.flatMap(({ type, data }) => (type === 'OrderReleased' ? [data] : []))

  it('is what waited for it, whole where it was filled, funded once for a group', () => {
    const to = (orderId: string, amount: bigint) => ({
      ...{ orderId, orderQty: sol(2).toString(), reserved: { asset: 'SOL', amount: amount.toString() }, at: 1_000 },
    })
    assert.deepEqual(released(filledBy(given(bracket()), 2)), [to('acct.2', sol(2)), to('acct.3', 0n)])
  })
  it('is nothing of another list', () => {
    const other = { ...list('oto', [entry(1, { clOrdId: 'e' }), sell('f', 1)]), listId: 'M' }
    const s = given(list('oto', [entry(2), sell('a', 2)]), other)
    filledBy(s, 2)
    assert.deepEqual([order(s, 2).held, order(s, 4).held], [false, true])
  })
  it('is no more than it had executed in all its trades when it ended with a part', () => {
    const s = given(list('oto', [entry(2), sell('a', 2)]))
    filledBy(s, 0.5)
    s.does(trigger(1, '99'))
    s.does(signed('1', 2))
    s.does(cancel(1))
    const end = s.does(landed('1', swap(sol(0.25), -usdc(24)), 2))
    assert.deepEqual(typesOf(end), ['TransactionLanded', 'TradeBooked', 'OrderCanceled', 'OrderReleased'])
    assert.deepEqual([order(s, 2).orderQty, order(s, 2).reserved.amount, order(s, 2).held], [sol(0.75), sol(0.75), false])
    assert.deepEqual([order(s, 2).list?.waitsFor, balance(s, 'SOL')], [1, [sol(10), sol(0.75)]])
  })
  it('is as much as a smaller child had asked for', () => {
    const s = given(list('oto', [entry(2, { timeInForce: 'ioc' }), sell('a', 0.25)]), signed('1'))
    s.does(landed('1', swap(sol(0.5), -usdc(49))))
    assert.equal(order(s, 2).orderQty, sol(0.25))
  })
  it('is a child by cash as it was', () => {
    const byCash = request({ clOrdId: 'a', type: 'stop', side: 'buy', timeInForce: 'gtc', stopPrice: '110', orderQty: null })
    const s = given(list('oto', [sell('entry', 2), { ...byCash, cashOrderQty: usdc(50) }]), trigger(1, '121'), signed('1'))
    s.does(landed('1', swap(-sol(2), usdc(242))))
    assert.deepEqual([order(s, 2).orderQty, order(s, 2).reserved], [null, { asset: 'USDC', amount: usdc(50) }])
  })
  it('ends for want of funds, up to all that is available', () => {
    const child = (n: number) => given(list('oto', [entry(2), sell('a', n)]))
    assert.deepEqual(typesOf(filledBy(child(12), 2)).at(-1), 'OrderReleased')
    const [end] = filledBy(child(12.000001), 2).events.slice(-1)
    assert.ok(end?.type === 'OrderCanceled' && end.data.text === 'INSUFFICIENT_FUNDS')
  })
  it('is nothing where the parent can still be executed', () => {
    const s = given(list('oto', [entry(2), sell('a', 2)]), trigger(1, '99'), signed('1'))
    assert.deepEqual(typesOf(s.does(expired('1'))), ['TransactionExpired'])
    assert.equal(order(s, 2).held, true)
  })
})
