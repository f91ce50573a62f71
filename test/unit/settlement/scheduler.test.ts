import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../../src/platform/clock.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createScheduler } from '../../../src/settlement/work/scheduler.ts'

const log = createLog('test', 'silent')

describe('scheduler of accounts', () => {
  it('runs an account in sequence and many accounts at once, within the limit', async () => {
    let running = 0
    let most = 0
    const perAccount = new Map<string, number>()
    const scheduler = createScheduler({
      ...{ clock: systemClock, log, concurrency: 4 },
      run: async (accountId) => {
        assert.equal(perAccount.get(accountId) ?? 0, 0)
        perAccount.set(accountId, 1)
        most = Math.max(most, ++running)
        await pause(5)
        running--
        perAccount.set(accountId, 0)
        return undefined
      },
    })
    for (let i = 0; i < 40; i++) scheduler.wake(`a-${i % 10}`)
    await pause(60)
    await scheduler.close()
    assert.equal(most, 4)
    assert.equal(perAccount.size, 10)
  })

  it('runs again when woken while running, and once more after the time a run asks for', async () => {
    const started: number[] = []
    const scheduler = createScheduler({
      ...{ clock: systemClock, log },
      run: async () => {
        started.push(performance.now())
        if (started.length === 1) scheduler.wake('a')
        return started.length === 2 ? 30 : undefined
      },
    })
    scheduler.wake('a')
    await pause(80)
    await scheduler.close()
    assert.equal(started.length, 3)
    assert.ok(started[2]! - started[1]! >= 28)
  })

  it('tries a failed run again after a pause', async () => {
    let runs = 0
    const scheduler = createScheduler({
      ...{ clock: systemClock, log },
      run: async () => {
        if (++runs === 1) throw new Error('away')
        return undefined
      },
    })
    scheduler.wake('a')
    await pause(100)
    assert.equal(runs, 1)
    await pause(500)
    await scheduler.close()
    assert.equal(runs, 2)
  })
})
