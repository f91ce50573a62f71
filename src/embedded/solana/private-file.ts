import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes a file whole or not at all, readable by its owner alone. */
export const writePrivate = (path: string, text: string): void => {
  const next = `${path}.next`
  const fd = openSync(next, 'w', 0o600)
  writeSync(fd, text)
  fsyncSync(fd)
  closeSync(fd)
  renameSync(next, path)
  syncFolder(dirname(path))
}

/** Makes the names in a folder durable: a synced file whose name is lost is lost. */
export const syncFolder = (folder: string): void => {
  const fd = openSync(folder, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
