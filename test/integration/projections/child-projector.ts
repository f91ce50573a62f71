import { type ChildProcess, spawn } from 'node:child_process'
import { nodeArguments } from '../../../src/platform/node-arguments.ts'
import { eventStoreUrl } from '../../support/services.ts'

/** Starts a projector in a process of its own and resolves when it is ready. */
export const spawnProjector = async (databaseUrls: readonly string[], redisUrl?: string): Promise<ChildProcess> => {
  const child = spawn(process.execPath, nodeArguments('../test/integration/projections/projector-process'), {
    env: {
      ...process.env,
      EVENTSTORE_URL: await eventStoreUrl(),
      DATABASE_URLS: databaseUrls.join(','),
      QUANTBOT_PARENT_PIPE: '1',
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on('data', (chunk) => {
      if (/^READY /m.test(String(chunk))) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the projector ended with ${code}`)))
  })
  return child
}

export const killed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
