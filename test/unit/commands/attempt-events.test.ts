import assert from 'node:assert/strict'
import { Map as ImmutableMap } from 'immutable'
import type { AttemptState, Attempts } from '../../../src/commands/transaction/attempt-state.ts'
import { bookOn, evolveAttempts, type TransactionEvent } from '../../../src/commands/transaction/evolve.ts'
import { isBookedLate, type LateLandings, rememberLate } from '../../../src/commands/transaction/late.ts'
import { signedBytes } from '../../../src/commands/transaction/signed-bytes.ts'
import { accountStream } from '../../../src/events/streams.ts'
import { SCHEMA_VERSION } from '../../../src/events/upcast.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { createMemoryLog } from '../../../src/simulation/store/memory-log.ts'
import { quietStore } from '../../../src/simulation/store/quiet-store.ts'

const NONE: Attempts = { attempts: ImmutableMap(), earlier: ImmutableMap() }
type DataOf<T extends TransactionEvent['type']> = Extract<TransactionEvent, { type: T }>['data']
type Event<T extends TransactionEvent['type']> = Extract<TransactionEvent, { type: T }>

const key = (attempt = 1) => ({ ref: '1', attempt, signature: `sig-${attempt}` })
const signed = (attempt = 1, change: Partial<DataOf<'TransactionSigned'>> = {}): Event<'TransactionSigned'> => ({
  type: 'TransactionSigned',
  data: { ...key(attempt), purpose: 'swap', rawBytes: 'AAAA', lastValidBlockHeight: 150, minSlot: 9, quoted: null, at: 5, ...change },
})
const chain = { generation: 1, slot: 10, fee: '5000', priorityFee: '7', at: 6 }
const landed = (attempt = 1, generation = 1): Event<'TransactionLanded'> => ({
  type: 'TransactionLanded',
  data: { ...key(attempt), ...chain, generation, tip: '3', rent: '2', deltas: [] },
})
const failed = (attempt = 1): Event<'TransactionFailed'> => ({
  type: 'TransactionFailed',
  data: { ...key(attempt), ...chain, error: 'custom:1' },
})
const expired = (attempt = 1): Event<'TransactionExpired'> => ({ type: 'TransactionExpired', data: { ...key(attempt), proof: [], at: 6 } })
const unknown = (attempt = 1): Event<'TransactionOutcomeUnknown'> => ({
  type: 'TransactionOutcomeUnknown',
  data: { ...key(attempt), reason: 'silent', at: 6 },
})
const vanished = (attempt = 1): Event<'TransactionVanished'> => ({
  type: 'TransactionVanished',
  data: { ...key(attempt), generation: 1, slot: 10, returned: null, at: 7 },
})
const finalized = (...transactions: readonly (readonly [attempt: number, generation: number])[]): Event<'TransactionsFinalized'> => ({
  type: 'TransactionsFinalized',
  data: { transactions: transactions.map(([n, generation]) => ({ ...key(n), generation })), settled: [], slot: 50, at: 8 },
})
const fold = (...events: readonly TransactionEvent[]): Attempts => events.reduce((all, event) => evolveAttempts(all, event, 3n), NONE)
const newest = (all: Attempts): AttemptState => all.attempts.get('1')!
const earlier = (all: Attempts) => [...all.earlier].map(([id, { phase, final }]) => [id, phase, final])

const OPEN: AttemptState = {
  ...{ ...key(), purpose: 'swap', phase: 'open', rawBytes: 'AAAA', signedRevision: 3n, lastValidBlockHeight: 150, minSlot: 9 },
  ...{ nonce: null, venueRequestId: null, signedAt: 5, generation: 0, slot: null, unknown: false, final: false, booked: null, costs: null },
}
const EXECUTED = { generation: 1, slot: 10, rawBytes: null }

describe('an attempt, event by event', () => {
  it('is open once it is signed, by a blockhash or a nonce, ours to land or the venue’s', () => {
    assert.deepEqual(newest(fold(signed())), OPEN)
    const nonce = { account: 'n', value: 'v', authority: 'a' }
    assert.deepEqual(newest(fold(signed(1, { nonce, venueRequestId: 'r' }))), { ...OPEN, nonce, venueRequestId: 'r' })
  })
  it('that landed needs its bytes no more, and knows what it cost', () => {
    const costs = { fee: '5000', priorityFee: '7', tip: '3', rent: '2' }
    const there = { ...OPEN, ...EXECUTED, phase: 'landed', costs }
    assert.deepEqual(newest(fold(signed(), unknown(), landed())), there)
    const late: TransactionEvent = { type: 'TransactionLandedLate', data: { ...landed().data, contradicts: 'expiry' } }
    assert.deepEqual(newest(fold(signed(), expired(), late)), there)
  })
  it('that failed has cost its fee and nothing else', () => {
    const costs = { fee: '5000', priorityFee: '7', tip: '0', rent: '0' }
    assert.deepEqual(newest(fold(signed(), unknown(), failed())), { ...OPEN, ...EXECUTED, phase: 'failed', costs })
  })
  it('that expired needs its bytes no more', () => {
    assert.deepEqual(newest(fold(signed(), unknown())), { ...OPEN, unknown: true })
    assert.deepEqual(newest(fold(signed(), unknown(), expired())), { ...OPEN, phase: 'expired', rawBytes: null })
  })
  it('that vanished is open again, with nothing booked, and keeps the number of its landing', () => {
    const booked = bookOn(fold(signed(), landed()), '1', 1, () => ({ kind: 'credit', asset: 'SOL', amount: 5n }))
    assert.deepEqual(newest(booked).booked, { kind: 'credit', asset: 'SOL', amount: 5n })
    const open = evolveAttempts(booked, vanished(), 4n)
    assert.deepEqual(newest(open), { ...OPEN, rawBytes: null, generation: 1 })
    const again = newest(evolveAttempts(open, landed(1, 2), 5n))
    assert.deepEqual([again.phase, again.generation, again.booked], ['landed', 2, null])
  })
  it('is final with the landing that is, not with an earlier one', () => {
    assert.equal(newest(fold(signed(), landed(), finalized([1, 1]))).final, true)
    assert.equal(newest(fold(signed(), landed(), vanished(), landed(1, 2), finalized([1, 1]))).final, false)
  })
  it('that the fold does not know changes nothing', () => {
    const all = fold(signed())
    for (const event of [landed(2), failed(2), expired(2), unknown(2), vanished(2), finalized([2, 1])])
      assert.equal(evolveAttempts(all, event, 4n), all)
    assert.equal(
      bookOn(all, '2', 1, () => null),
      all,
    )
  })
})

describe('an attempt that a newer one has superseded', () => {
  it('is kept as long as it can change: not when it has expired or is final', () => {
    assert.deepEqual(earlier(fold(signed(1), signed(2))), [['1#1', 'open', false]])
    assert.deepEqual(earlier(fold(signed(1), failed(1), signed(2))), [['1#1', 'failed', false]])
    assert.deepEqual(earlier(fold(signed(1), expired(1), signed(2))), [])
    assert.deepEqual(earlier(fold(signed(1), failed(1), finalized([1, 1]), signed(2))), [])
    assert.equal(newest(fold(signed(1), signed(2))).attempt, 2)
  })
  it('changes in its place, and goes when nothing can change it any more', () => {
    const two = fold(signed(1), signed(2))
    assert.deepEqual(earlier(evolveAttempts(two, landed(1), 4n)), [['1#1', 'landed', false]])
    assert.deepEqual(earlier(evolveAttempts(two, expired(1), 4n)), [])
    assert.equal(newest(evolveAttempts(two, landed(1), 4n)).phase, 'open', 'the newest is another one')
    assert.deepEqual(earlier(evolveAttempts(two, landed(2), 4n)), [['1#1', 'open', false]])
  })
  it('becomes final together with the newest', () => {
    const both = fold(signed(1), failed(1), signed(2), landed(2), finalized([1, 1], [2, 1]))
    assert.deepEqual([earlier(both), newest(both).final], [[], true])
  })
})

describe('signatures booked late', () => {
  const many = (n: number): LateLandings => Array.from({ length: n }, (_, i) => `s-${i}`).reduce(rememberLate, [] as LateLandings)

  it('are known again, each by a short hash', () => {
    const late = rememberLate(rememberLate([], 'a'), 'b')
    assert.deepEqual(
      [isBookedLate(late, 'a'), isBookedLate(late, 'b'), isBookedLate(late, 'c'), isBookedLate([], 'a')],
      [true, true, false, false],
    )
    assert.deepEqual(rememberLate([], 'a'), ['ypeBEsobvcr6wjGz'], 'the hashes of a snapshot stay the same')
  })
  it('are kept to the last two hundred', () => {
    assert.deepEqual([isBookedLate(many(200), 's-0'), many(200).length], [true, 200])
    const more = many(201)
    assert.deepEqual(
      [isBookedLate(more, 's-0'), isBookedLate(more, 's-1'), isBookedLate(more, 's-200'), more.length],
      [false, true, true, 200],
    )
  })
})

describe('the bytes of a transaction', () => {
  const store = quietStore(createMemoryLog(), systemClock)
  const event = (n: number, rawBytes: string) => ({
    ...{ id: `00000000-0000-4000-8000-00000000000${n}`, ...signed(n, { rawBytes }), metadata: { schema: SCHEMA_VERSION } },
  })
  const of = (attempt: number, change: Partial<AttemptState>) => signedBytes(store, 'acct', { ...OPEN, ...key(attempt), ...change })
  before(() => store.append(accountStream('acct'), 'no_stream', [event(1, 'ONE'), event(2, 'TWO')]))

  it('come from the fold while it has them, else from the event that recorded them', async () => {
    assert.equal(await of(1, { rawBytes: 'FOLD', signedRevision: 0n }), 'FOLD')
    assert.equal(await of(1, { rawBytes: null, signedRevision: 0n }), 'ONE')
    assert.equal(await of(2, { rawBytes: null, signedRevision: 1n }), 'TWO')
  })
  it('are never those of another transaction', async () => {
    await assert.rejects(of(2, { rawBytes: null, signedRevision: 0n }), /no TransactionSigned at revision 0 of acct/)
    await assert.rejects(of(1, { rawBytes: null, signedRevision: 2n }), /no TransactionSigned/)
  })
})
