import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LOG_START, openLogFile } from '../../../src/embedded/eventstore/log/log-file.ts'
import { dataOf, type StoredEvent } from '../../../src/embedded/eventstore/log/record.ts'
import { DamagedLog } from '../../../src/embedded/eventstore/log/recovery.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { addAppend, groupAt, inFolder } from './log-in-folder.ts'

interface WrittenLog {
  readonly bytes: Buffer
  /** Where each frame ends, and how many events stand before. */
  readonly frames: readonly { readonly end: number; readonly events: number }[]
  /** Where each group ends. */
  readonly groups: readonly number[]
  readonly end: number
}

/** A log of groups of one to four appends of one to nine events, as the writer leaves it. */
const writeLog = async (folder: string, groups: number): Promise<WrittenLog> => {
  const log = openLogFile(folder, false, () => undefined)
  const frames: { end: number; events: number }[] = []
  const ends: number[] = []
  let events = 0
  for (let g = 0; g < groups; g++) {
    const group = groupAt(log.durableEnd)
    for (let a = 0; a <= g % 4; a++) {
      const count = 1 + ((g + a) % 9)
      addAppend(group, `s${a}`, events, count, 'x'.repeat((g * 37) % 500))
      events += count
      frames.push({ end: group.end, events })
    }
    await log.writeGroup(group.bytes())
    ends.push(group.end)
  }
  const end = log.durableEnd
  await log.close()
  rmSync(join(folder, 'durable-end'))
  return { bytes: readFileSync(join(folder, 'events.log')), frames, groups: ends, end }
}

/** Opens the folder with `bytes` as its log and counts the events. */
const reopen = async (folder: string, bytes: Buffer): Promise<{ events: number; torn: boolean; end: number }> => {
  writeFileSync(join(folder, 'events.log'), bytes)
  let events = 0
  const log = openLogFile(folder, false, () => {
    events += 1
  })
  const found = { events, torn: log.recoveredTorn, end: log.durableEnd }
  await log.close()
  rmSync(join(folder, 'durable-end'))
  return found
}

describe('event log recovery', function () {
  this.timeout(60_000)

  it('finds every event of a log that was closed, and of one that was not', () =>
    inFolder(async (folder) => {
      const written = await writeLog(folder, 40)
      const expected = { events: written.frames.at(-1)!.events, torn: false, end: written.end }
      assert.deepEqual(await reopen(folder, written.bytes), expected)
      assert.deepEqual(await reopen(folder, written.bytes.subarray(0, written.end)), expected)
    }))

  it('cuts a torn tail at the last whole append, wherever the write stopped', () =>
    inFolder(async (folder) => {
      const written = await writeLog(folder, 60)
      for (let round = 0; round < 300; round++) {
        const cut = LOG_START + systemIds.below(written.end - LOG_START)
        const tail = round % 3 === 0 ? Buffer.alloc(0) : round % 3 === 1 ? Buffer.alloc(4_096) : systemIds.bytes(700)
        const whole = written.frames.filter(({ end }) => end <= cut).at(-1)
        const found = await reopen(folder, Buffer.concat([written.bytes.subarray(0, cut), tail]))
        assert.equal(found.events, whole?.events ?? 0, `cut at ${cut}`)
        assert.equal(found.end, whole?.end ?? LOG_START)
      }
    }))

  it('goes on writing behind the cut, and finds old and new events', () =>
    inFolder(async (folder) => {
      const written = await writeLog(folder, 10)
      const lastWhole = written.frames.at(-2)!
      writeFileSync(join(folder, 'events.log'), written.bytes.subarray(0, written.end - 3))
      const log = openLogFile(folder, true, () => undefined)
      assert.deepEqual([log.recoveredTorn, log.durableEnd], [true, lastWhole.end])
      const group = groupAt(log.durableEnd)
      addAppend(group, 'new', 0, 2, 'new-')
      await log.writeGroup(group.bytes())
      await log.close()
      const data: string[] = []
      const again = openLogFile(folder, true, (event: StoredEvent) => void data.push(dataOf(event).toString()))
      await again.close()
      assert.equal(data.length, lastWhole.events + 2)
      assert.deepEqual(data.slice(-2), ['new-0', 'new-1'])
    }))

  it('refuses to start on any damaged byte that durable events follow, and changes nothing', () =>
    inFolder(async (folder) => {
      const written = await writeLog(folder, 30)
      const file = join(folder, 'events.log')
      const lastGroupStart = written.groups.at(-2)!
      for (let round = 0; round < 200; round++) {
        const at = LOG_START + systemIds.below(lastGroupStart - LOG_START)
        const bytes = Buffer.from(written.bytes)
        bytes[at]! ^= 1 << systemIds.below(8)
        writeFileSync(file, bytes)
        assert.throws(() => openLogFile(folder, false, () => undefined), DamagedLog, `bit flipped at ${at}`)
        assert.ok(readFileSync(file).equals(bytes))
      }
    }))

  it('refuses a hole of zeros before durable events', () =>
    inFolder(async (folder) => {
      const written = await writeLog(folder, 12)
      const bytes = Buffer.from(written.bytes)
      bytes.fill(0, written.groups[4], written.groups[6])
      await assert.rejects(reopen(folder, bytes), DamagedLog)
    }))

  it('cuts a group of which later pages reached the disk and earlier ones did not: it was never acknowledged', () =>
    inFolder(async (folder) => {
      const written = await writeLog(folder, 12)
      // the last group has four frames; its first one is lost in a power failure, the others are whole
      const start = written.groups.at(-2)!
      const bytes = Buffer.from(written.bytes)
      bytes.fill(0, start, start + 10)
      const found = await reopen(folder, bytes)
      const before = written.frames.filter(({ end }) => end <= start).at(-1)!
      assert.deepEqual(found, { events: before.events, torn: true, end: start })
    }))

  it('does not take a copy of a frame inside an event for a frame', () =>
    inFolder(async (folder) => {
      const written = await writeLog(folder, 6)
      // of another, longer log: by its own account it was written after anything here
      const foreign = groupAt(written.end + 1_000_000)
      addAppend(foreign, 'foreign', 0, 1)
      const frame = foreign.bytes()
      const log = openLogFile(folder, false, () => undefined)
      const group = groupAt(log.durableEnd)
      addAppend(group, 'copy', 0, 1, frame)
      await log.writeGroup(group.bytes())
      await log.close()
      rmSync(join(folder, 'durable-end'))
      const torn = readFileSync(join(folder, 'events.log')).subarray(0, group.end - 1)
      assert.equal((await reopen(folder, torn)).end, written.end)
    }))

  it('refuses a log that is shorter than when it was closed', () =>
    inFolder(async (folder) => {
      const log = openLogFile(folder, true, () => undefined)
      const group = groupAt(log.durableEnd)
      addAppend(group, 's', 0, 3)
      await log.writeGroup(group.bytes())
      await log.close()
      const bytes = readFileSync(join(folder, 'events.log'))
      bytes[group.end - 1]! ^= 1
      writeFileSync(join(folder, 'events.log'), bytes)
      assert.throws(() => openLogFile(folder, true, () => undefined), DamagedLog)
    }))

  it('refuses a file that is not a log', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'events.log'), 'not a log, but long enough to hold something')
      assert.throws(() => openLogFile(folder, true, () => undefined), /is not an event log/)
    }))
})
