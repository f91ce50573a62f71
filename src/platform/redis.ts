import { Redis } from 'ioredis'
import type { Health } from './health.ts'
import type { Logger } from './log.ts'

export interface RedisConnection {
  readonly client: Redis
  state(): Health
  /** Called after every loss: what was in flight may or may not have happened, and the server may come back with older data. */
  onLost(listener: () => void): void
  close(): Promise<void>
}

/** Redis answers within a millisecond; one that takes this long is slower than the database it spares. */
const COMMAND_TIMEOUT_MS = 250
const LONGEST_RETRY_MS = 1_000

/** A connection that comes back by itself (retries at most a second apart) and fails every command at once while it is away: a cache must never be waited for. */
export const connectRedis = (url: string, { name, log }: { readonly name: string; readonly log: Logger }): RedisConnection => {
  const client = new Redis(url, {
    connectionName: `quantbot-${name}`,
    connectTimeout: 2_000,
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    // a command sent again after a reconnect could undo what was decided meanwhile
    autoResendUnfulfilledCommands: false,
    // subscribers do it by hand, and hear of a failure; the client's own attempt would reject to nobody and end the process
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    retryStrategy: (times) => Math.min(50 * times, LONGEST_RETRY_MS),
  })
  const listeners: (() => void)[] = []
  let detail: string | undefined
  client.on('error', (error: Error) => {
    if (detail !== error.message) log.warn({ redis: name, detail: error.message }, 'Redis is away')
    detail = error.message
  })
  client.on('ready', () => {
    detail = undefined
  })
  client.on('close', () => {
    for (const listener of listeners) listener()
  })
  return {
    client,
    state: () => (client.status === 'ready' ? { ready: true } : { ready: false, detail: detail ?? client.status }),
    onLost: (listener) => void listeners.push(listener),
    close: async () => client.disconnect(),
  }
}
