import assert from 'node:assert/strict'
import { Map as ImmutableMap } from 'immutable'
import {
  type AttemptState,
  type Attempts,
  attemptBySignature,
  awaitingFinality,
  findAttempt,
  hasOpenAttempt,
  inFlight,
  isRefSettled,
  isSettled,
  mayStillSucceed,
  openAttempts,
} from '../../../src/commands/transaction/attempt-state.ts'
import { nonceAccountOf, nonceRef, userOfNonce } from '../../../src/commands/transaction/nonce-ref.ts'

const attempt = (ref: string, n: number, change: Partial<AttemptState> = {}): AttemptState => ({
  ...{ ref, attempt: n, purpose: 'swap', phase: 'open', signature: `sig-${ref}-${n}`, rawBytes: 'AAAA', signedRevision: 3n },
  ...{ lastValidBlockHeight: 150, minSlot: 1, nonce: null, venueRequestId: null, signedAt: 5, generation: 0, slot: null },
  ...{ unknown: false, final: false, booked: null, costs: null, ...change },
})
/** The newest of each ref, and earlier ones that can still change. */
const of = (newest: readonly AttemptState[], earlier: readonly AttemptState[] = []): Attempts => ({
  attempts: ImmutableMap(newest.map((a) => [a.ref, a])),
  earlier: ImmutableMap(earlier.map((a) => [`${a.ref}#${a.attempt}`, a])),
})
const NONE = of([])
/** Every phase, final or not. */
const PHASES = [
  { phase: 'open' },
  { phase: 'landed' },
  { phase: 'landed', final: true },
  { phase: 'failed' },
  { phase: 'failed', final: true },
  { phase: 'expired' },
] as const satisfies readonly Partial<AttemptState>[]
const told = (tell: (change: Partial<AttemptState>) => boolean) => PHASES.map((change) => tell(change))
const named = (attempts: readonly AttemptState[]) => attempts.map(({ ref, attempt: n }) => `${ref}.${n}`)

describe('an attempt', () => {
  it('is found by its number, the newest and an earlier one', () => {
    const [first, second, other] = [attempt('1', 1), attempt('1', 2), attempt('2', 1)]
    const all = of([second, other], [first])
    assert.deepEqual([findAttempt(all, '1', 1), findAttempt(all, '1', 2), findAttempt(all, '2', 1)], [first, second, other])
    assert.deepEqual([findAttempt(all, '1', 3), findAttempt(all, '2', 2), findAttempt(all, '3', 1)], [undefined, undefined, undefined])
  })
  it('is found by its signature, the newest and an earlier one', () => {
    const [first, second] = [attempt('1', 1), attempt('1', 2)]
    const all = of([second], [first])
    assert.deepEqual([attemptBySignature(all, 'sig-1-1'), attemptBySignature(all, 'sig-1-2')], [first, second])
    assert.equal(attemptBySignature(all, 'sig-1-3'), undefined)
  })
  it('is settled once it has expired, or is final on the chain', () => {
    assert.deepEqual(
      told((change) => isSettled(attempt('1', 1, change))),
      [false, false, true, false, true, true],
    )
  })
})

describe('the attempts of a ref', () => {
  it('can still land while one is open, newest or earlier, of this ref, and not the one excepted', () => {
    const open = attempt('1', 1)
    const landed = attempt('1', 2, { phase: 'landed' })
    assert.deepEqual(
      told((change) => hasOpenAttempt(of([attempt('1', 1, change)]), '1')),
      [true, false, false, false, false, false],
    )
    assert.deepEqual(
      told((change) => hasOpenAttempt(of([landed], [attempt('1', 1, change)]), '1')),
      [true, false, false, false, false, false],
    )
    assert.deepEqual([hasOpenAttempt(of([open]), '1', open), hasOpenAttempt(of([landed], [open]), '1', open)], [false, false])
    assert.deepEqual([hasOpenAttempt(of([open]), '1', landed), hasOpenAttempt(of([landed], [open]), '1', landed)], [true, true])
    assert.deepEqual(
      [hasOpenAttempt(of([open]), '2'), hasOpenAttempt(of([], [open]), '2'), hasOpenAttempt(NONE, '1')],
      [false, false, false],
    )
  })
  it('are settled with the newest, and none earlier left', () => {
    const expired = attempt('1', 2, { phase: 'expired' })
    assert.deepEqual(
      told((change) => isRefSettled(of([attempt('1', 1, change)]), '1')),
      [false, false, true, false, true, true],
    )
    assert.deepEqual(
      [isRefSettled(NONE, '1'), isRefSettled(of([expired]), '1'), isRefSettled(of([expired], [attempt('1', 1)]), '1')],
      [true, true, false],
    )
    assert.equal(isRefSettled(of([expired], [attempt('2', 1)]), '1'), true, 'another ref’s')
    assert.equal(isRefSettled(of([], [attempt('1', 1)]), '1'), false)
  })
  it('may still succeed after a failure that is not final, newest or earlier', () => {
    const doubtful = [false, false, false, true, false, false]
    assert.deepEqual(
      told((change) => mayStillSucceed(of([attempt('1', 1, change)]), '1')),
      doubtful,
    )
    assert.deepEqual(
      told((change) => mayStillSucceed(of([attempt('1', 2)], [attempt('1', 1, change)]), '1')),
      doubtful,
    )
    const failed = { phase: 'failed' } as const
    assert.equal(mayStillSucceed(of([attempt('2', 1, failed)], [attempt('3', 1, failed)]), '1'), false, 'other refs’')
  })
})

describe('the attempts of an account', () => {
  const landed = { phase: 'landed' } as const
  it('await finality when they landed or failed, earlier ones too', () => {
    assert.deepEqual(
      told((change) => awaitingFinality(of([attempt('1', 1, change)])).length === 1),
      [false, true, false, true, false, false],
    )
    const all = of([attempt('1', 2, landed), attempt('2', 1)], [attempt('1', 1, { phase: 'failed' }), attempt('3', 1)])
    assert.deepEqual(named(awaitingFinality(all)), ['1.2', '1.1'])
  })
  it('are sent and watched while they are open, earlier ones too', () => {
    assert.deepEqual(
      told((change) => openAttempts(of([attempt('1', 1, change)])).length === 1),
      [true, false, false, false, false, false],
    )
    const all = of([attempt('1', 2), attempt('2', 1, landed)], [attempt('1', 1), attempt('3', 1, landed)])
    assert.deepEqual(named(openAttempts(all)), ['1.2', '1.1'])
  })
  it('are in flight until every one is settled', () => {
    assert.deepEqual(
      told((change) => inFlight(of([attempt('1', 1, change)]))),
      [true, true, false, true, false, false],
    )
    const expired = attempt('1', 2, { phase: 'expired' })
    assert.deepEqual([inFlight(NONE), inFlight(of([expired])), inFlight(of([expired], [attempt('1', 1, landed)]))], [false, false, true])
    assert.equal(inFlight(of([expired, attempt('2', 1)])), true, 'one of two')
  })
})

describe('a nonce account', () => {
  it('has a ref of its own, told from every other one', () => {
    assert.deepEqual([nonceRef('Abc'), nonceAccountOf('n-Abc')], ['n-Abc', 'Abc'])
    assert.deepEqual(['17', 'd-n-1', 'w-n', 't-1'].map(nonceAccountOf), [undefined, undefined, undefined, undefined])
  })
  it('is used by the open transaction that lives by it', () => {
    const by = (account: string) => ({ nonce: { account, value: 'v', authority: 'f' } })
    const [user, blockhash] = [attempt('2', 1, by('Abc')), attempt('1', 1)]
    assert.equal(userOfNonce(of([blockhash, user]), 'Abc'), user)
    assert.equal(userOfNonce(of([blockhash, user]), 'Other'), undefined)
    assert.equal(userOfNonce(of([{ ...user, phase: 'landed' }]), 'Abc'), undefined)
  })
})
