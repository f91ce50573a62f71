import assert from 'node:assert/strict'
import { Map as ImmutableMap } from 'immutable'
import {
  isTransferBooked,
  isUnrequestedId,
  rememberTransfer,
  timesBooked,
  type Unrequested,
  unrequestedDepositId,
} from '../../../../src/commands/ledger/unrequested.ts'

const NONE: Unrequested = ImmutableMap()
const remember = (all: Unrequested, from: number, to: number, slot = (n: number): number => n): Unrequested => {
  let next = all
  for (let n = from; n <= to; n++) next = rememberTransfer(next, 'ata', `sig-${n}`, slot(n))
  return next
}
const booked = (all: Unrequested, n: number, slot: number, tokenAccount = 'ata') => isTransferBooked(all, tokenAccount, `sig-${n}`, slot)

describe('the id of a transfer that came unasked', () => {
  it('is chain- and 32 hex of its signature’s hash, and a number where it is not the first', () => {
    const id = unrequestedDepositId('sig')
    assert.match(id, /^chain-[0-9a-f]{32}$/)
    assert.notEqual(id, unrequestedDepositId('gis'))
    assert.deepEqual([id, `${id}-2`, `${id}-12`].map(isUnrequestedId), [true, true, true])
  })
  it('is no other one', () => {
    const id = unrequestedDepositId('sig')
    const others = [`${id}x`, `x${id}`, `${id}-`, `${id}-x`, id.slice(0, -1), id.toUpperCase(), 'chain-', 'chain-gift']
    for (const other of others) assert.equal(isUnrequestedId(other), false, other)
  })
})

describe('transfers that were booked', () => {
  it('are told by signature and token account, whatever slot is told', () => {
    const all = rememberTransfer(NONE, 'ata', 'sig-1', 5)
    assert.deepEqual([booked(all, 1, 5), booked(all, 1, 9), booked(all, 2, 5), booked(all, 1, 5, 'other')], [true, true, false, false])
  })
  it('of slot 0 are known by their signature alone: nothing is below it', () => {
    assert.equal(booked(NONE, 1, 0), false)
    assert.equal(booked(rememberTransfer(NONE, 'ata', 'sig-1', 0), 2, 0), false)
  })
  it('are remembered one by one, a hundred of them', () => {
    const hundred = remember(NONE, 1, 100).get('ata')!
    assert.deepEqual([hundred.floor, hundred.newest.size], [-1, 100])
    const more = remember(NONE, 1, 101).get('ata')!
    assert.deepEqual([more.floor, more.newest.size], [1, 100])
  })
  it('beyond these are told by their slot: all of it and below, nothing above', () => {
    const all = remember(NONE, 1, 102)
    assert.equal(all.get('ata')!.floor, 2)
    assert.deepEqual([booked(all, 999, 2), booked(all, 999, 3), booked(all, 3, 3)], [true, false, true])
  })
  it('are forgotten by whole slots, and never the slot that is being filled', () => {
    const one = remember(NONE, 1, 150, () => 5)
    assert.deepEqual([one.get('ata')!.floor, one.get('ata')!.newest.size], [-1, 150])
    const next = rememberTransfer(one, 'ata', 'sig-next', 6)
    assert.deepEqual([next.get('ata')!.floor, next.get('ata')!.newest.size], [5, 1])
  })
  it('stay at their floor when a straggler comes', () => {
    const all = remember(NONE, 1, 101)
    const late = rememberTransfer(all, 'ata', 'sig-late', 1)
    assert.equal(late.get('ata')!.floor, 1)
    assert.equal(booked(late, 2, 2), true)
  })
  it('are counted over the token accounts that one signature filled', () => {
    const twice = rememberTransfer(rememberTransfer(NONE, 'a', 'sig-1', 5), 'b', 'sig-1', 5)
    const all = rememberTransfer(twice, 'b', 'sig-2', 6)
    assert.deepEqual(
      ['sig-1', 'sig-2', 'sig-3'].map((signature) => timesBooked(all, signature)),
      [2, 1, 0],
    )
  })
})
