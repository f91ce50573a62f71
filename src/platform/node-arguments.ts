import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { NODE_FLAGS } from './node-flags.ts'

/** What node is given to run a module, named from src/ and without extension: compiled when we run compiled, through tsx when from source. */
export const nodeArguments = (entry: string): string[] => {
  const compiled = import.meta.url.endsWith('.js')
  const file = fileURLToPath(new URL(`../${entry}${compiled ? '.js' : '.ts'}`, import.meta.url))
  return compiled ? [...NODE_FLAGS, file] : ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href, file]
}
