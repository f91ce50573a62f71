import { createHash } from 'node:crypto'

/** What happened, as one hash: two runs of a seed are the same run if their hashes are equal. */
export interface Trace {
  note(...words: readonly (string | number | bigint)[]): void
  hash(): string
}

export const createTrace = (print: boolean): Trace => {
  const hash = createHash('sha256')
  let lines = ''
  const flush = (): void => {
    hash.update(lines)
    if (print) process.stderr.write(lines)
    lines = ''
  }
  return {
    note: (...words) => {
      lines += `${words.join(' ')}\n`
      if (print || lines.length > BUFFERED) flush()
    },
    hash: () => {
      flush()
      return hash.copy().digest('hex')
    },
  }
}

/** Characters hashed at once: a call for every line would cost more than the hashing. */
const BUFFERED = 32_768
