import assert from 'node:assert/strict'
import { EMPTY_ACCOUNT } from '../../../src/commands/account/state.ts'
import { warmStart } from '../../../src/commands/handler/warm-start.ts'
import { accountStream } from '../../../src/events/streams.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import type { Logger } from '../../../src/platform/log.ts'
import { createMemoryLog } from '../../../src/simulation/store/memory-log.ts'
import { quietStore } from '../../../src/simulation/store/quiet-store.ts'

describe('the accounts that a process loads before it takes traffic', () => {
  const standing = async (accounts: readonly string[]) => {
    const store = quietStore(createMemoryLog(), systemClock)
    for (const [n, name] of accounts.entries()) {
      const stream = name === 'tick' ? 'tick-1' : accountStream(name)
      await store.append(stream, 'any', [{ id: String(n), type: 'E', data: {}, metadata: {} }])
    }
    const warned: object[] = []
    const log = { warn: (fields: object) => warned.push(fields) } as unknown as Logger
    return { deps: { store, clock: systemClock, log }, warned }
  }

  const noting = (asked: string[]) => ({
    load: async (accountId: string) => {
      asked.push(accountId)
      return EMPTY_ACCOUNT
    },
  })

  it('are those last active, each once, whatever else is in the log', async () => {
    const { deps } = await standing(['old', 'a', 'tick', 'b', 'a'])
    const asked: string[] = []
    const warm = warmStart(deps, noting(asked), new AbortController().signal)
    await warm.over
    assert.deepEqual(asked, ['a', 'b', 'old'])
    assert.deepEqual(warm.progress(), { done: 3, of: 3 })
  })

  it('are not more than the last 64', async () => {
    const { deps } = await standing(Array.from({ length: 70 }, (_, n) => `a${n}`))
    const asked: string[] = []
    await warmStart(deps, noting(asked), new AbortController().signal).over
    assert.equal(asked.length, 64)
    assert.equal(asked[0], 'a69')
    assert.ok(!asked.includes('a5'))
  })

  it('hold nothing up when one of them or the store fails', async () => {
    const { deps, warned } = await standing(['broken', 'whole'])
    const handler = {
      load: async (accountId: string) => {
        if (accountId === 'broken') throw new Error('not to be read')
        return EMPTY_ACCOUNT
      },
    }
    const warm = warmStart(deps, handler, new AbortController().signal)
    await warm.over
    assert.deepEqual(warm.progress(), { done: 2, of: 2 })
    assert.equal(warned.length, 1)
    const away = { ...deps.store, newest: () => assert.fail('away') }
    await warmStart({ ...deps, store: away }, handler, new AbortController().signal).over
    assert.equal(warned.length, 2)
  })

  it('hold the readiness back until they are there', async () => {
    const { deps } = await standing(['slow'])
    let release = (): void => undefined
    const held = new Promise<typeof EMPTY_ACCOUNT>((resolve) => (release = () => resolve(EMPTY_ACCOUNT)))
    let over = false
    const warm = warmStart(deps, { load: () => held }, new AbortController().signal)
    const ended = warm.over.then(() => (over = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(over, false)
    assert.deepEqual(warm.progress(), { done: 0, of: 1 })
    release()
    await ended
  })
})
