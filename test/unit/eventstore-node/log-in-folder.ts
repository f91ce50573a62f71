import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGroup, type Group } from '../../../src/embedded/eventstore/streams/group.ts'
import { createIndex } from '../../../src/embedded/eventstore/streams/stream-index.ts'

export const inFolder = async (use: (folder: string) => Promise<void> | void): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'event-log-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const index = createIndex(() => 0)

/** Adds one append of `count` events to the group; the data of event i is `text` followed by i. */
export const addAppend = (group: Group, stream: string, from: number, count: number, text: string | Buffer = ''): void => {
  const state = index.stream(stream)
  group.addFrame(
    Array.from({ length: count }, (_, i) => ({
      state,
      streamName: Buffer.from(stream),
      revision: from + i,
      event: {
        id: Buffer.alloc(16, from + i),
        type: Buffer.from('t'),
        json: false,
        data: Buffer.concat([typeof text === 'string' ? Buffer.from(text) : text, Buffer.from(String(i))]),
        metadata: Buffer.alloc(0),
      },
      published: { tombstone: false },
    })),
    1_000,
  )
}

export const groupAt = (start: number): Group => createGroup(start)
