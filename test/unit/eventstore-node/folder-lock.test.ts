import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockFolder } from '../../../src/embedded/eventstore/log/folder-lock.ts'
import { inFolder } from './log-in-folder.ts'

describe('folder lock', () => {
  it('lets one holder in at a time, and leaves nothing behind', () =>
    inFolder((folder) => {
      const first = lockFolder(folder)
      assert.throws(() => lockFolder(folder), /in use by another event store node \(pid \d+\)/)
      first.release()
      lockFolder(folder).release()
      assert.deepEqual(readdirSync(folder), [])
    }))

  it('takes over the lock of a process that is dead', () =>
    inFolder((folder) => {
      const dead = spawnSync(process.execPath, ['-e', '']).pid
      writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: dead, started: '1', token: 'dead' }))
      const lock = lockFolder(folder)
      assert.equal((JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')) as { pid: number }).pid, process.pid)
      lock.release()
      assert.deepEqual(readdirSync(folder), [])
    }))

  it('takes over the lock of a process whose pid somebody else has got, ourselves included', function () {
    if (process.platform !== 'linux') return this.skip()
    return inFolder((folder) => {
      for (const pid of [process.ppid, process.pid]) {
        writeFileSync(join(folder, 'lock'), JSON.stringify({ pid, started: '1', token: `old-${pid}` }))
        lockFolder(folder).release()
      }
    })
  })
})
