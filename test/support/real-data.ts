import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from 'mocha'
import { skipBecause } from './skip.ts'

/** A file of the recorded market data that may lie beside the project; undefined where it does not. */
export const realData = (path: string): string | undefined => {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  return [join(root, '..', 'shared', 'data', path), join(root, '..', '..', 'shared', 'data', path)].find((file) => existsSync(file))
}

/** The same; skips the test, visibly, where it does not. */
export const realDataOrSkip = (context: Context, path: string): string =>
  realData(path) ?? skipBecause(context, `../shared/data/${path} is not here`)
