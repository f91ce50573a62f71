import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { SIGN_WITHIN_MS, STALE_PROOF } from '../../../src/commands/limits/signing-block.ts'
import type { EffectiveControl } from '../../../src/events/controls.ts'
import type { ControlState } from '../../../src/events/reference/control-events.ts'
import {
  balance,
  expired,
  finalized,
  funded,
  landed,
  limit,
  place,
  request,
  signed,
  sol,
  statusOf,
  swap,
  typesOf,
  usdc,
  vanished,
} from './account-story.ts'

const setBy = { streamId: 'control-global', revision: '3' }
const control = (state: ControlState, scope = 'global'): EffectiveControl => ({ scope, state, reason: 'r', setBy })
const placeUnder = (state: ControlState, command: AccountCommand): AccountCommand =>
  command.type === 'PlaceOrder' ? { ...command, control: control(state) } : command
const signUnder = (state: ControlState, ref: string, ageMs = 0): AccountCommand => {
  const command = signed(ref, 1, ref.startsWith('d-') ? 'deposit' : 'swap')
  return command.type === 'RecordSigned' ? { ...command, control: { ...control(state), ageMs, tripMs: 5 } } : command
}
const refusalOf = (decision: ReturnType<ReturnType<typeof funded>['does']>) =>
  decision.answer.kind === 'refused' ? decision.answer.refusal : undefined

/** Holds 2 SOL bought. */
const long = () => {
  const s = funded()
  s.does(place(request({ clOrdId: 'first', orderQty: sol(2) })))
  s.does(signed('1'))
  s.does(landed('1', swap(sol(2), -usdc(200))))
  return s
}

describe('orders under a control', () => {
  it('HALTED refuses every order and says by which event, again for the same terms', () => {
    const s = long()
    const sell = limit({ clOrdId: 'exit', side: 'sell', orderQty: sol(1) })
    const refused = s.does(placeUnder('HALTED', place(sell)))
    assert.equal(refusalOf(refused)?.code, 'halted')
    assert.deepEqual(refusalOf(refused)?.extra, { orderId: 'acct.2', why: { rule: 'control', scope: 'global', value: 'HALTED', setBy } })
    assert.equal(s.does(place(sell)).answer.kind, 'repeated', 'a resume does not revive what was refused')
  })
  it('comes before limits and funds', () => {
    assert.equal(refusalOf(funded().does(placeUnder('HALTED', place(request({ orderQty: sol(1_000) })))))?.code, 'halted')
  })
  it('REDUCING passes what only makes the position smaller, by quantity and by cash', () => {
    const s = long()
    assert.equal(refusalOf(s.does(placeUnder('REDUCING', place(limit({ clOrdId: 'more' })))))?.code, 'halted')
    assert.equal(
      refusalOf(s.does(placeUnder('REDUCING', place(limit({ clOrdId: 'flip', side: 'sell', orderQty: sol(2) + 1n })))))?.code,
      'halted',
    )
    assert.equal(s.does(placeUnder('REDUCING', place(request({ clOrdId: 'all', side: 'sell', orderQty: sol(2) })))).answer.kind, 'order')
    const cash = request({ clOrdId: 'cash', side: 'sell', orderQty: null, cashOrderQty: usdc(100) })
    assert.equal(s.does(placeUnder('REDUCING', place(cash))).answer.kind, 'order')
  })
  it('counts as position what was traded: deposits are no position, a busted trade is none any more', () => {
    const sell = place(limit({ clOrdId: 'exit', side: 'sell', orderQty: sol(1) }))
    assert.equal(refusalOf(funded().does(placeUnder('REDUCING', sell)))?.code, 'halted')
    const s = long()
    s.does(vanished('1'))
    assert.equal(refusalOf(s.does(placeUnder('REDUCING', sell)))?.code, 'halted')
  })
})

describe('signatures under a control', () => {
  const typesOf = (decision: ReturnType<ReturnType<typeof funded>['does']>) => decision.events.map(({ type }) => type)

  it('HALTED signs nothing, deposits included', () => {
    const s = funded()
    s.does(place(request()))
    assert.deepEqual(typesOf(s.does(signUnder('HALTED', '1'))), [])
    s.does({ type: 'RequestDeposit', depositId: 'x', asset: { asset: 'SOL', mint: 'MintSOL', decimals: 9 }, amount: 1n })
    assert.deepEqual(typesOf(s.does(signUnder('HALTED', 'd-x'))), [])
    assert.deepEqual(typesOf(s.does(signUnder('REDUCING', 'd-x'))), ['TransactionSigned'])
    assert.deepEqual(typesOf(s.does(signUnder('ACTIVE', '1'))), ['TransactionSigned'])
  })
  it('REDUCING signs exits, and no more of them at once than the position holds', () => {
    const s = long()
    for (const clOrdId of ['x', 'y']) s.does(place(request({ clOrdId, side: 'sell', orderQty: sol(1.5) })))
    assert.deepEqual(typesOf(s.does(signUnder('REDUCING', '2'))), ['TransactionSigned'])
    assert.deepEqual(typesOf(s.does(signUnder('REDUCING', '3'))), [], 'both together would turn the position round')
  })
  it('is not decided on a proof that has grown old', () => {
    const s = funded()
    s.does(place(request()))
    assert.deepEqual(s.does(signUnder('ACTIVE', '1', SIGN_WITHIN_MS - 4)).answer, { kind: 'ignored', reason: STALE_PROOF })
    assert.deepEqual(typesOf(s.does(signUnder('ACTIVE', '1', SIGN_WITHIN_MS - 5))), ['TransactionSigned'])
  })
})

describe('the position in the fold', () => {
  it('is at average cost, with what the day has realised', () => {
    const s = long()
    s.does(place(request({ clOrdId: 'half', side: 'sell', orderQty: sol(1) })))
    s.does(signed('2'))
    s.does(landed('2', swap(-sol(1), usdc(90))))
    const held = s.state.risk.holdings.get('SOL/USDC')
    assert.deepEqual(held, { qty: 10n ** 12n, cost: 100n * 10n ** 12n, quote: 'USDC', day: 0, realized: -10n * 10n ** 12n })
    s.does(vanished('2'))
    assert.deepEqual(s.state.risk.holdings.get('SOL/USDC'), { ...held, qty: 2n * 10n ** 12n, cost: 200n * 10n ** 12n, realized: 0n })
    s.does(landed('2', swap(-sol(1), usdc(90))))
    s.does(finalized('2', 1, 2))
    assert.equal(s.state.risk.effects.has('acct.2.1.2'), false, 'what is final needs no way back')
  })
})

describe('an order whose attempt is open at a halt', () => {
  const halt = (state: ControlState = 'HALTED'): AccountCommand => ({ type: 'HaltOrder', number: 1, control: control(state) })
  const open = () => {
    const s = funded()
    s.does(place(limit()))
    s.does({ type: 'TriggerOrder', number: 1, trigger: { price: '99', sourceId: 't', time: 1_000 } })
    s.does(signed('1'))
    return s
  }
  it('is PendingCancel, keeps its reservation, and ends in the append that ends the attempt', () => {
    const s = open()
    const [, reserved] = balance(s, 'USDC')
    assert.deepEqual(typesOf(s.does(halt())), ['OrderCancelRequested'])
    assert.deepEqual([statusOf(s, 1), balance(s, 'USDC')[1]], ['PendingCancel', reserved])
    assert.deepEqual(s.does(halt()).events, [], 'once')
    const ended = s.does(expired('1'))
    assert.deepEqual(typesOf(ended), ['TransactionExpired', 'OrderCanceled'])
    assert.ok(ended.events[1]?.type === 'OrderCanceled' && ended.events[1].data.text === 'HALTED')
    assert.deepEqual(balance(s, 'USDC'), [usdc(1_000), 0n])
  })
  it('is filled where its bytes land: the fill wins', () => {
    const s = open()
    s.does(halt())
    assert.deepEqual(typesOf(s.does(landed('1', swap(sol(1), -usdc(99))))), ['TransactionLanded', 'TradeBooked', 'OrderCancelRejected'])
    assert.equal(statusOf(s, 1), 'Filled')
  })
  it('goes on where no halt is in force, and a halt leaves an order alone that has no attempt', () => {
    const s = open()
    assert.deepEqual(s.does(halt('REDUCING')).events, [])
    assert.deepEqual(s.does(halt('ACTIVE')).events, [])
    s.does(expired('1'))
    assert.deepEqual(s.does(halt()).events, [])
  })
})
