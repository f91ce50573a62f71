import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Names the code that folds an account: SHA-256 over the source text of every module of ours that `entry` reaches by
 * static imports, as they are on disk when the process starts, and over the exact versions of the packages they use.
 * Taken at start from the very files that run, it can't be stale: TypeScript under tsx and the built JavaScript have
 * hashes of their own, a bundle hashes itself. Any doubt gives undefined, and then no snapshot is used or written.
 */
export const foldHash = (entry: string): string | undefined => {
  try {
    const hash = createHash('sha256')
    const files = new Map<string, string>()
    const packages = new Set<string>()
    visit(fileURLToPath(entry), files, packages)
    for (const text of [...files.values()].sort()) hash.update(text).update('\0')
    for (const name of [...packages].sort()) hash.update(`${name}@${versionOf(name)}\0`)
    return hash.digest('hex').slice(0, 32)
  } catch {
    return undefined
  }
}

/** Static imports and re-exports with a runtime effect; `import type` is erased and folds nothing. */
const IMPORTS = /^\s*(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm

const visit = (file: string, files: Map<string, string>, packages: Set<string>): void => {
  if (files.has(file)) return
  const text = readFileSync(file, 'utf8')
  files.set(file, text)
  for (const [, specifier = ''] of text.matchAll(IMPORTS)) {
    if (specifier.startsWith('.')) visit(onDisk(resolve(dirname(file), specifier)), files, packages)
    else if (!specifier.startsWith('node:')) packages.add(specifier)
  }
}

/** Under tsx a specifier may name the .js that the .ts stands for. */
const onDisk = (path: string): string => (existsSync(path) ? path : `${path.slice(0, -extname(path).length)}.ts`)

const versionOf = (name: string): string => {
  const require = createRequire(import.meta.url)
  for (let folder = dirname(require.resolve(name)); ; folder = dirname(folder)) {
    const file = resolve(folder, 'package.json')
    if (existsSync(file)) {
      const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: string }
      if (version) return version
    }
    if (folder === dirname(folder)) throw new Error(`no version of ${name}`)
  }
}
