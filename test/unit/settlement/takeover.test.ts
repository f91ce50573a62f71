import assert from 'node:assert/strict'
import { createLog } from '../../../src/platform/log.ts'
import { startGroupWorker } from '../../../src/settlement/work/group-worker.ts'
import { createMemoryLog } from '../../../src/simulation/store/memory-log.ts'
import { quietStore } from '../../../src/simulation/store/quiet-store.ts'

describe('a worker that takes a slice group over', () => {
  it('takes the index for news: an older fold of its own must not pass for the newest', async () => {
    const clock = {
      now: () => 0,
      sleep: (_ms: number, signal?: AbortSignal) =>
        new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    }
    const woken: string[] = []
    const worker = startGroupWorker({
      ...{ group: 0, store: quietStore(createMemoryLog(), clock), clock, log: createLog('test', 'silent') },
      wake: (accountId) => woken.push(`${accountId} ${worker.seen(accountId)}`),
      coordination: {
        lease: async (name, signal) => ({ name, fence: 1n, signal, release: async () => undefined }),
        index: () => ({
          load: async () => ({ after: { commit: 500n, prepare: 500n }, accounts: [{ accountId: 'a', revision: 9n }] }),
          advance: async () => true,
          remove: async () => undefined,
        }),
        health: () => ({ ready: true }),
        close: async () => undefined,
      },
    })
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(woken, ['a 9'])
  })
})
