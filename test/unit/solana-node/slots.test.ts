import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import bs58 from 'bs58'
import { blockhashes, GENESIS_SLOT, heightOf, startSlotClock } from '../../../src/embedded/solana/slots.ts'

const fail = (error: unknown) => assert.fail(String(error))

describe('slots', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'qb-slots-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))
  const start = (slotMs: number, lastUsed = 0) => startSlotClock({ path: join(dir, 'slots.json'), slotMs, lastUsed, onBroken: fail })

  it('never gives a slot twice over restarts without a stop, and skips few', async () => {
    let seen = GENESIS_SLOT - 1
    for (let i = 0; i < 3; i++) {
      const clock = start(10)
      assert.ok(clock.current() > seen && clock.current() - seen <= 64, `${seen} → ${clock.current()}`)
      await new Promise((done) => clock.onTick(() => clock.current() > seen + 70 && done(undefined)))
      seen = clock.current()
      const reserved = start(10)
      assert.ok(reserved.current() > seen)
      reserved.stop()
      clock.stop()
    }
  })

  it('starts after the newest slot of the log even without its file', () => {
    const clock = start(400, 5_000)
    assert.equal(clock.current(), 5_001)
    clock.stop()
  })

  it('closes finality within 15 s and 31 slots at any slot length', () => {
    for (const slotMs of [10, 40, 400, 1_000, 5_000]) {
      const clock = start(slotMs)
      const depth = clock.depth('finalized')
      assert.ok(depth >= 1 && depth <= 31 && depth * slotMs <= 15_000, `${slotMs}: ${depth}`)
      clock.stop()
    }
  })

  it('makes a blockhash usable for 150 blocks and no longer, and not before its slot', () => {
    const hashes = blockhashes(bs58.encode(Buffer.alloc(32, 7)))
    const slot = GENESIS_SLOT + 1_000
    const hash = hashes.of(slot)
    assert.equal(hashes.usable(hash, slot + 150), slot)
    assert.equal(hashes.usable(hash, slot + 151), undefined)
    assert.equal(hashes.usable(hash, slot - 1), undefined)
    assert.equal(blockhashes(bs58.encode(Buffer.alloc(32, 7))).usable(hash, slot + 9), slot, 'known to a restarted chain')
    assert.equal(blockhashes(bs58.encode(Buffer.alloc(32, 8))).usable(hash, slot + 9), undefined, 'foreign to another chain')
    assert.equal(heightOf(slot), 1_000)
  })
})
