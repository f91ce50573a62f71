import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The length at the last clean stop. A damaged last group looks like a torn write; with this floor, what had been
 * acknowledged before a clean stop can't be cut away as one.
 */
export const writeDurableEnd = (folder: string, end: number): void => {
  const draft = join(folder, 'durable-end.draft')
  const fd = openSync(draft, 'w')
  writeSync(fd, String(end))
  fsyncSync(fd)
  closeSync(fd)
  renameSync(draft, join(folder, 'durable-end'))
}

/** 0 when the log was never closed cleanly. */
export const readDurableEnd = (folder: string): number => {
  try {
    const end = Number(readFileSync(join(folder, 'durable-end'), 'utf8'))
    return Number.isSafeInteger(end) ? end : 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}
