import assert from 'node:assert/strict'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { decide } from '../../../src/commands/account/decide.ts'
import { evolve } from '../../../src/commands/account/evolve.ts'
import { type AccountState, EMPTY_ACCOUNT } from '../../../src/commands/account/state.ts'
import { PLAIN } from '../../../src/events/order-terms.ts'
import type { Instrument } from '../../../src/events/reference/reference-event.ts'
import { agenda } from '../../../src/settlement/agenda.ts'

const SOL = { asset: 'SOL', mint: 'So11111111111111111111111111111111111111112', decimals: 9 }
const USDC = { asset: 'USDC', mint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', decimals: 6 }
const instrument: Instrument = {
  symbol: 'SOL/USDC',
  version: 1,
  base: SOL,
  quote: USDC,
  tickSize: '0.0001',
  lotSize: '0.000001',
  status: 'trading',
}
const WALLET = 'wallet'

/** The account after these commands, decided and folded as in production. */
const given = (...commands: AccountCommand[]): AccountState =>
  commands.reduce<AccountState>((state, command) => {
    const { events } = decide(state, command, 1_000)
    return events.reduce((next, event) => evolve(next, event, next.revision + 1n), state)
  }, EMPTY_ACCOUNT)

const opened: AccountCommand[] = [{ type: 'OpenAccount', accountId: 'a' }]
const walleted: AccountCommand[] = [...opened, { type: 'AssignWallet', publicKey: WALLET, path: 'm' }]
const deposit: AccountCommand = { type: 'RequestDeposit', depositId: 'x', asset: USDC, amount: 10n ** 9n }
const signed = (ref: string, attempt: number, signature: string): AccountCommand => ({
  ...{ type: 'RecordSigned', ref, attempt, signature, rawBytes: 'AA==', lastValidBlockHeight: 10, minSlot: 1, quoted: null },
  purpose: ref.startsWith('d-') ? 'deposit' : 'swap',
})
const landed = (ref: string, signature: string, deltas: readonly (readonly [string, bigint])[]): AccountCommand => ({
  ...{ type: 'BookLanded', ref, attempt: 1, signature, slot: 5, fee: '5000', priorityFee: '0', tip: '0', rent: '0' },
  deltas: deltas.map(([mint, amount]) => ({ tokenAccount: `t-${mint}`, owner: WALLET, mint, amount: amount.toString() })),
})
const funded: AccountCommand[] = [...walleted, deposit, signed('d-x', 1, 'sd'), landed('d-x', 'sd', [[USDC.mint, 10n ** 9n]])]
const final: AccountCommand = { type: 'BookFinalized', transactions: [{ ref: 'd-x', attempt: 1, signature: 'sd', generation: 1 }], slot: 9 }
const place = (over: Partial<Extract<AccountCommand, { type: 'PlaceOrder' }>['request']> = {}): AccountCommand => ({
  type: 'PlaceOrder',
  request: {
    ...{ clOrdId: 'c', symbol: 'SOL/USDC', side: 'buy', type: 'market', timeInForce: 'ioc', orderQty: 10n ** 9n },
    ...{ cashOrderQty: null, price: null, maxSlippageBps: 100 },
    ...PLAIN,
    ...over,
  },
  instrument,
  reference: { price: '150', sourceId: 's', time: 1_000 },
  route: 'available',
})
const kinds = (state: AccountState): string[] =>
  agenda(state).map((action) => ('attempt' in action && 'ref' in action ? `${action.kind} ${action.ref} ${action.attempt}` : action.kind))

describe('agenda of an account', () => {
  it('is empty where there is no account', () => {
    assert.deepEqual(kinds(EMPTY_ACCOUNT), [])
  })

  it('starts with a wallet, and nothing waits beside it', () => {
    assert.deepEqual(kinds(given(...opened)), ['assign_wallet'])
    assert.deepEqual(kinds(given(...opened, deposit)), ['assign_wallet'])
    assert.deepEqual(kinds(given(...walleted)), [])
  })

  it('signs a deposit, follows it, watches it for finality, and is done', () => {
    assert.deepEqual(kinds(given(...walleted, deposit)), ['deposit d-x 1'])
    assert.deepEqual(kinds(given(...walleted, deposit, signed('d-x', 1, 'sd'))), ['follow'])
    assert.deepEqual(kinds(given(...funded)), ['finalize'])
    assert.deepEqual(kinds(given(...funded, final)), [])
  })

  it('gives up nothing: an expired or failed deposit is attempted anew under the next number', () => {
    const open = [...walleted, deposit, signed('d-x', 1, 'sd')]
    const failed: AccountCommand = {
      type: 'BookFailed',
      ref: 'd-x',
      attempt: 1,
      signature: 'sd',
      slot: 5,
      fee: '5000',
      priorityFee: '0',
      error: 'custom:1',
    }
    assert.deepEqual(kinds(given(...open, { type: 'BookExpired', ref: 'd-x', attempt: 1, signature: 'sd', proof: [] })), ['deposit d-x 2'])
    assert.deepEqual(kinds(given(...open, failed)), ['finalize'], 'a fork may still make it a success')
    const final: AccountCommand = {
      type: 'BookFinalized',
      transactions: [{ ref: 'd-x', attempt: 1, signature: 'sd', generation: 1 }],
      slot: 50,
    }
    assert.deepEqual(kinds(given(...open, failed, final)), ['deposit d-x 2'])
  })

  it('attempts an immediate order, and only one transaction of it at a time', () => {
    assert.deepEqual(kinds(given(...funded, final, place())), ['swap 1 1'])
    assert.deepEqual(kinds(given(...funded, final, place(), signed('1', 1, 's1'))), ['follow'])
  })

  it('leaves an order with a pending cancel to its attempt', () => {
    const state = given(...funded, final, place(), signed('1', 1, 's1'), { type: 'CancelOrder', number: 1 })
    assert.equal(state.orders.get(1)?.ordStatus, 'PendingCancel')
    assert.deepEqual(kinds(state), ['follow'])
  })

  it('watches a resting order until it is triggered, and again when its attempt failed', () => {
    const resting = [...funded, final, place({ type: 'limit', timeInForce: 'gtc', price: '140' })]
    assert.deepEqual(kinds(given(...resting)), ['watch'])
    const triggered: AccountCommand[] = [
      ...resting,
      { type: 'TriggerOrder', number: 1, trigger: { price: '139', sourceId: 's', time: 1_000 } },
    ]
    assert.deepEqual(kinds(given(...triggered)), ['swap 1 1'])
    const failed: AccountCommand = {
      type: 'BookFailed',
      ref: '1',
      attempt: 1,
      signature: 's1',
      slot: 6,
      fee: '5000',
      priorityFee: '0',
      error: 'custom:6001',
    }
    assert.deepEqual(kinds(given(...triggered, signed('1', 1, 's1'), failed)), ['finalize', 'watch'])
    const again: AccountCommand[] = [...triggered, signed('1', 1, 's1'), failed, ...triggered.slice(-1)]
    assert.deepEqual(kinds(given(...again)), ['finalize'], 'a fork may still make it a success')
    const isFinal: AccountCommand = {
      type: 'BookFinalized',
      transactions: [{ ref: '1', attempt: 1, signature: 's1', generation: 1 }],
      slot: 9,
    }
    assert.deepEqual(kinds(given(...again, isFinal)), ['swap 1 2'])
  })

  it('follows a vanished transaction again', () => {
    const state = given(
      ...[...funded, final, place(), signed('1', 1, 's1')],
      landed('1', 's1', [
        [SOL.mint, 10n ** 9n],
        [USDC.mint, -150_000_000n],
      ]),
      { type: 'BookVanished', ref: '1', attempt: 1, signature: 's1', generation: 1, slot: 5 },
    )
    assert.deepEqual(kinds(state), ['follow'])
  })
})

describe('timers of an account', () => {
  const gtd = (clOrdId: string, expireAt: number) =>
    place({ clOrdId, type: 'limit', timeInForce: 'gtd', price: '140', orderQty: 10n ** 8n, expireAt })
  const timers = (state: AccountState) => agenda(state).flatMap((action) => (action.kind === 'timer' ? [[action.at, action.ref]] : []))

  it('are its next deadline, for every order that ends then', () => {
    assert.deepEqual(timers(given(...funded, final, gtd('a', 9_000), gtd('b', 5_000), gtd('c', 5_000))), [
      [5_000, '2'],
      [5_000, '3'],
    ])
  })

  it('run while an attempt is open, until an end is pending', () => {
    const open = [
      ...funded,
      final,
      gtd('a', 5_000),
      { type: 'TriggerOrder', number: 1, trigger: { price: '139', sourceId: 's', time: 1_000 } },
    ]
    const state = given(...(open as AccountCommand[]), signed('1', 1, 's1'))
    assert.deepEqual(timers(state), [[5_000, '1']])
    const { events } = decide(state, { type: 'ExpireOrder', number: 1 }, 5_000)
    const after = events.reduce((next, event) => evolve(next, event, next.revision + 1n), state)
    assert.equal(after.orders.get(1)?.ordStatus, 'PendingCancel')
    assert.deepEqual(timers(after), [])
  })

  it('hold the dead-man switch while it is armed', () => {
    const armed = given(...funded, final, { type: 'ArmDeadMan', timeoutMs: 2_000 })
    assert.deepEqual(timers(armed), [[3_000, 'dead-man']])
    assert.deepEqual(timers(given(...funded, final, { type: 'ArmDeadMan', timeoutMs: 2_000 }, { type: 'ArmDeadMan', timeoutMs: 0 })), [])
  })
})
