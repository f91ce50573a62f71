import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LedgerLog, openLedgerLog } from '../../../src/embedded/solana/ledger-log.ts'

describe('ledger log', () => {
  let dir: string
  let path: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'qb-log-'))
    path = join(dir, 'ledger.log')
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const fail = (error: unknown) => assert.fail(String(error))
  const open = async () => {
    const records: string[] = []
    const log = await openLedgerLog(path, (record) => void records.push(record.toString()), fail)
    return { log, records }
  }
  const stored = async () => {
    const { log, records } = await open()
    await log.close()
    return records
  }
  const write = async (log: LedgerLog, ...texts: string[]) => {
    const offsets = texts.map((text) => log.append(Buffer.from(text)))
    await log.durable()
    return offsets
  }

  it('gives back records in order, also by offset', async () => {
    const { log } = await open()
    const offsets = [...(await write(log, 'one', 'two')), ...(await write(log, 'three'))]
    assert.equal((await log.read(offsets[1] as number, 3)).toString(), 'two')
    assert.equal((await log.read(offsets[2] as number, 5)).toString(), 'three')
    await log.close()
    const again = await open()
    assert.deepEqual(again.records, ['one', 'two', 'three'])
    await write(again.log, 'four')
    await again.log.close()
    assert.deepEqual(await stored(), ['one', 'two', 'three', 'four'])
  })

  it('has each record on disk when durable resolves, whatever is in flight', async () => {
    const { log } = await open()
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        await new Promise((done) => setTimeout(done, i % 17))
        log.append(Buffer.from(`<${i}>`))
        await log.durable()
        assert.ok(readFileSync(path).includes(`<${i}>`))
      }),
    )
    await log.close()
    assert.equal((await stored()).length, 200)
  })

  it('waits for a frame that is being written, too', async () => {
    const { log } = await open()
    let before = 0
    for (let tries = 1; ; tries++) {
      before = statSync(path).size
      log.append(Buffer.alloc(32_000_000, 1))
      await new Promise((done) => setImmediate(done))
      if (statSync(path).size < before + 32_000_000) break
      // on a busy machine the disk may have been quicker
      assert.ok(tries < 10, 'the frame was never seen in flight')
      await log.durable()
    }
    await log.durable()
    assert.ok(statSync(path).size > before + 32_000_000)
    await log.close()
  })

  it('cuts a torn last frame at every length, and keeps what came before', async () => {
    const { log } = await open()
    await write(log, 'kept')
    const kept = statSync(path).size
    await write(log, 'torn-a', 'torn-b')
    await log.close()
    const whole = readFileSync(path)
    for (let size = kept; size < whole.length; size++) {
      writeFileSync(path, whole.subarray(0, size))
      const { log: cut, records } = await open()
      assert.deepEqual(records, ['kept'], `cut at ${size}`)
      await write(cut, 'new')
      await cut.close()
      assert.deepEqual(await stored(), ['kept', 'new'])
    }
  })

  it('cuts garbage at the end', async () => {
    const { log } = await open()
    await write(log, 'kept')
    await log.close()
    appendFileSync(path, Buffer.alloc(5_000, 7))
    assert.deepEqual(await stored(), ['kept'])
    appendFileSync(path, Buffer.alloc(5_000))
    assert.deepEqual(await stored(), ['kept'])
  })

  it('refuses damage before the last frame: that was answered', async () => {
    const { log } = await open()
    await write(log, 'first')
    await write(log, 'second')
    await log.close()
    const bytes = readFileSync(path)
    bytes[10] = (bytes[10] as number) ^ 1
    writeFileSync(path, bytes)
    await assert.rejects(open(), /damaged at byte 0/)
    truncateSync(path, bytes.length)
  })
})
