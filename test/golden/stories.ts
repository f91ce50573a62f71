import type { AccountCommand } from '../../src/commands/account/command.ts'
import type { AlgoRequest } from '../../src/commands/algo/algo-state.ts'
import { createAccountHandler } from '../../src/commands/handler/create-handler.ts'
import { unrequestedDepositId } from '../../src/commands/ledger/unrequested.ts'
import { defineInstruments } from '../../src/events/instruments.ts'
import { createKey } from '../../src/events/key-ring.ts'
import { ensureLogId } from '../../src/events/log-identity.ts'
import type { EventStore } from '../../src/events/store/event-store.ts'
import { createTicker } from '../../src/events/tick.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { derivedUuid, type Ids } from '../../src/platform/ids.ts'
import { createLog } from '../../src/platform/log.ts'
import { createRegistry } from '../../src/platform/metrics.ts'
import {
  expired,
  failed,
  finalized,
  INSTRUMENT,
  landed,
  limit,
  mid,
  place,
  request,
  SOL,
  signed,
  sol,
  swap,
  USDC,
  usdc,
  vanished,
  WALLET,
} from '../unit/commands/account-story.ts'
import { fees } from './fee-story.ts'
import { lateStories } from './late-stories.ts'
import { orderStories } from './order-stories.ts'
import { payouts } from './payout-story.ts'
import { RULE_STORIES } from './rule-stories.ts'
import { shardMaps } from './shard-map-story.ts'

/** What a story is told with: the product's own write side over a log in memory. */
export interface Teller {
  readonly store: EventStore
  readonly clock: Clock
  readonly ids: Ids
  /** Gives the account a command through the real handler, a second after the last one. */
  does(command: AccountCommand): Promise<void>
}

export interface GoldenStory {
  readonly name: string
  tell(teller: Teller): Promise<void>
}

/** A teller for one account. Its clock and ids are counters: the same story gives the same bytes. */
export const tellerOf = (store: EventStore, accountId: string): Teller => {
  let now = 1_700_000_000_000
  let count = 0
  const clock: Clock = { now: () => now, sleep: () => new Promise(() => undefined) }
  const ids: Ids = {
    uuid: () => derivedUuid(`golden-${accountId}-${count++}`),
    bytes: (length) => Buffer.alloc(length, count++),
    below: (most) => count++ % most,
  }
  const log = createLog('golden', 'silent')
  const handler = createAccountHandler({ store, clock, ids, log, registry: createRegistry('golden'), logId: 'golden' })
  return {
    ...{ store, clock, ids },
    does: async (command) => {
      now += 1_000
      const context = { commandId: `g-${count++}`, correlationId: `g-${count}`, causationId: `g-${count}`, actor: 'golden', time: now }
      const executed = await handler.execute(accountId, command, context)
      if (executed.kind !== 'answered' || executed.answer.kind === 'ignored')
        throw new Error(`${accountId}: ${command.type}: ${JSON.stringify(executed, (_, v) => (typeof v === 'bigint' ? `${v}` : v))}`)
    },
  }
}

const open: readonly AccountCommand[] = [
  { type: 'OpenAccount', accountId: '' },
  { type: 'AssignWallet', publicKey: WALLET, path: 'm' },
]
const deposit = (depositId: string, asset: typeof SOL, amount: bigint): readonly AccountCommand[] => [
  { type: 'RequestDeposit', depositId, asset, amount },
  signed(`d-${depositId}`, 1, 'deposit'),
  landed(`d-${depositId}`, [{ tokenAccount: `ata-${asset.asset}`, owner: WALLET, mint: asset.mint, amount: amount.toString() }]),
]
const funds: readonly AccountCommand[] = [
  ...open,
  ...deposit('usdc', USDC, usdc(1_000)),
  finalized('d-usdc'),
  ...deposit('sol', SOL, sol(10)),
  finalized('d-sol'),
]
const gift = (signature: string, tokenAccount: string, asset: typeof SOL, amount: bigint): AccountCommand => ({
  type: 'BookUnrequestedCredit',
  ...{ signature, slot: 7, tokenAccount, asset, amount },
})
const now = (step: number) => 1_700_000_000_000 + step * 1_000

const algo = (algoId: string, plan: AlgoRequest['plan'], price: string | null): AlgoRequest => ({
  ...{
    algoId,
    side: 'buy',
    quantity: sol(2),
    lotSize: sol(0.001),
    price,
    maxSlippageBps: 100,
    strategyId: null,
    plan,
    instrument: INSTRUMENT,
  },
})
const slice = (algoId: string, n: number, orderQty: bigint, price: string | null, time: number): AccountCommand => ({
  ...{ type: 'PlaceOrder', instrument: INSTRUMENT, reference: mid('100', time), route: 'unprobed' },
  request: {
    ...request({ clOrdId: `${algoId}-${n}`, orderQty, price, type: price === null ? 'market' : 'limit' }),
    ...{ timeInForce: price === null ? 'ioc' : 'gtc', algo: { algoId, slice: n } },
  },
})
const account = (name: string, commands: readonly AccountCommand[]): GoldenStory => ({
  name,
  tell: async ({ does }) => {
    for (const command of commands) await does(command.type === 'OpenAccount' ? { ...command, accountId: name } : command)
  },
})

/**
 * Stories that together write every event type there is. A new type needs a story here that brings it about by commands;
 * `npm run -s golden` then records it under the schema version that the build writes.
 */
export const STORIES: readonly GoldenStory[] = [
  account('gifts', [
    ...open,
    gift('gift-usdc', 'ata-USDC', USDC, usdc(3)),
    gift('gift-usdc', 'ata-BONK', USDC, usdc(1)),
    gift('gift-sol', WALLET, SOL, sol(2)),
    signed(`d-${unrequestedDepositId('gift-sol')}`, 1, 'deposit'),
    landed(`d-${unrequestedDepositId('gift-sol')}`, [
      { tokenAccount: 'ata-SOL', owner: WALLET, mint: SOL.mint, amount: sol(2).toString() },
    ]),
    finalized(`d-${unrequestedDepositId('gift-sol')}`),
    gift('gift-more', WALLET, SOL, sol(1)),
  ]),
  account('nonces', [
    ...funds,
    place(request({ clOrdId: 'over-a-nonce' })),
    { ...signed('n-NonceAccount'), purpose: 'nonce_setup' } as AccountCommand,
    landed('n-NonceAccount', []),
    { ...signed('1'), nonce: { account: 'NonceAccount', value: 'v1', authority: 'FeePayer' } } as AccountCommand,
    { ...signed('n-NonceAccount', 2), purpose: 'nonce_advance' } as AccountCommand,
    landed('n-NonceAccount', [], 2),
    {
      ...expired('1'),
      proof: [{ endpoint: 'a', finalizedHeight: 400, slot: 1_400, nonce: 'v2' }],
    } as AccountCommand,
    { ...signed('1', 2), venueRequestId: 'order-of-the-venue' } as AccountCommand,
    landed('1', swap(sol(1), -usdc(100)), 2),
  ]),
  account('algos', [
    ...funds,
    { type: 'StartAlgo', request: algo('twap', { kind: 'twap', slices: 2, intervalMs: 1_000 }, null) },
    slice('twap', 0, sol(1), null, now(11)),
    signed('1'),
    landed('1', swap(sol(1), -usdc(100))),
    { type: 'PauseAlgo', algoId: 'twap' },
    { type: 'ResumeAlgo', algoId: 'twap' },
    slice('twap', 1, sol(1), null, now(16)),
    signed('2'),
    landed('2', swap(sol(1), -usdc(100))),
    { type: 'EndAlgo', algoId: 'twap' },
    { type: 'StartAlgo', request: { ...algo('tiny', { kind: 'twap', slices: 2, intervalMs: 1_000 }, null), quantity: sol(0.001) } },
    { type: 'SkipSlice', algoId: 'tiny', slice: 0 },
    { type: 'StartAlgo', request: algo('ice', { kind: 'iceberg', displayQty: String(sol(0.5)) }, '90') },
    slice('ice', 0, sol(0.5), '90', now(22)),
    { type: 'CancelAlgo', algoId: 'ice' },
    { type: 'StartAlgo', request: algo('shown', { kind: 'iceberg', displayQty: String(sol(0.5)) }, '90') },
    slice('shown', 0, sol(0.5), '90', now(25)),
  ]),
  account('fills', [
    ...funds,
    place(request({ clOrdId: 'whole' })),
    signed('1'),
    landed('1', swap(sol(1), -usdc(100.5))),
    finalized('1'),
    place(request({ clOrdId: 'cash', side: 'sell', orderQty: null, cashOrderQty: usdc(50) })),
    signed('2'),
    landed('2', swap(-sol(0.5), usdc(50))),
    place(request({ clOrdId: 'surplus', orderQty: sol(0.5) })),
    signed('3'),
    landed('3', swap(sol(0.500001), -usdc(49))),
    place(limit({ clOrdId: 'rests', orderQty: sol(2) })),
    { type: 'TriggerOrder', number: 4, trigger: mid('99.5', now(23)) },
    signed('4'),
    landed('4', swap(sol(0.75), -usdc(74.6))),
    { type: 'TriggerOrder', number: 4, trigger: mid('99.9', now(26)) },
    signed('4', 2),
    { type: 'CancelOrder', number: 4 },
    expired('4', 2),
    place(limit({ clOrdId: 'open', side: 'sell', price: '140', orderQty: sol(1) })),
  ]),
  account('refusals', [
    ...open,
    { type: 'RequestDeposit', depositId: 'none', asset: SOL, amount: sol(5) },
    { type: 'FailDeposit', depositId: 'none', reason: 'NO_FAUCET' },
    ...deposit('some', USDC, usdc(300)),
    finalized('d-some'),
    place(request({ clOrdId: 'too-much', orderQty: sol(50) })),
    place(request({ clOrdId: 'nowhere' }), '100', 'none'),
    place(request({ clOrdId: 'slips' })),
    signed('3'),
    failed('3'),
    finalized('3'),
    place(request({ clOrdId: 'expires' })),
    signed('4'),
    { type: 'BookUnknown', ref: '4', attempt: 1, signature: 'sig-4-1', reason: '1 of 2 endpoints can prove it absent' },
    expired('4'),
    signed('4', 2),
    failed('4', 'custom:1', 2),
    place(request({ clOrdId: 'no-route', timeInForce: 'fok' })),
    { type: 'KillOrder', number: 5, text: 'NO_ROUTE' },
    place(limit({ clOrdId: 'taken-back', orderQty: sol(1) })),
    { type: 'CancelOrder', number: 6 },
  ]),
  account('payouts', [...funds, ...payouts]),
  account('forks', [
    ...funds,
    place(request({ clOrdId: 'busted', side: 'sell', orderQty: sol(2) })),
    signed('1'),
    landed('1', swap(-sol(2), usdc(199))),
    vanished('1'),
    landed('1', swap(-sol(2), usdc(198))),
    finalized('1', 1, 2),
    place(request({ clOrdId: 'gone', orderQty: sol(1) })),
    signed('2'),
    landed('2', swap(sol(1.00001), -usdc(99))),
    vanished('2'),
    expired('2'),
    ...deposit('late', USDC, usdc(40)),
    vanished('d-late'),
    landed('d-late', [{ tokenAccount: 'ata-USDC', owner: WALLET, mint: USDC.mint, amount: usdc(40).toString() }]),
    ...deposit('away', SOL, sol(1)),
    vanished('d-away'),
  ]),
  ...lateStories({ account, funds }),
  ...orderStories({ account, funds, now }),
  account('fees', [...funds, ...fees]),
  {
    name: 'reference',
    tell: async ({ store, clock, ids }) => {
      await ensureLogId(store, ids)
      await defineInstruments(store, clock)
      await shardMaps(store, clock)
      await createKey(store, { key: 'a key for the corpus', scopes: ['trade', 'read'], accounts: ['a', 'b'] }, clock.now())
      await createKey(store, { key: 'a key for all', scopes: ['audit'], accounts: '*' }, clock.now())
      await createTicker({ store, ids, clock }).tick()
    },
  },
  ...RULE_STORIES,
]
