import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventStoreDBClient } from '@eventstore/db-client'
import { systemIds } from '../../../src/platform/ids.ts'
import { startNodeProcess } from './node-process.ts'

export interface ServerUnderTest {
  readonly client: EventStoreDBClient
  readonly url: string
  /** A name no other test run has used: the server may be a real one that keeps everything. */
  streamName(label: string): string
}

/**
 * The server the behaviour suite speaks to: EVENTSTORE_URL when set (a real EventStoreDB), else the embedded node.
 * Call inside `describe`; the fields are usable from `it`.
 */
export const serverUnderTest = (): ServerUnderTest => {
  let client: EventStoreDBClient | undefined
  let url = process.env.EVENTSTORE_URL
  let stop = async (): Promise<void> => undefined
  before(async () => {
    if (url === undefined) {
      const db = temporaryFolder()
      const node = await startNodeProcess({ db: db.path, flags: ['--no-sync'] })
      url = node.url
      stop = async () => {
        await node.end('SIGTERM')
        db.remove()
      }
    }
    client = EventStoreDBClient.connectionString(url)
  })
  after(async () => {
    await client?.dispose()
    await stop()
  })
  return {
    get client() {
      return client!
    },
    get url() {
      return url!
    },
    streamName: (label) => `${label}-${systemIds.uuid()}`,
  }
}

export const temporaryFolder = (): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'eventstore-node-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
