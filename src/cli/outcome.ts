/** What a command found. `code` 1: it ran, and the check it makes failed. */
export interface Outcome {
  readonly code: 0 | 1
  /** The one JSON document of --json. */
  readonly document: object
  /** The same for a person. */
  readonly table: string
}

/** Ends a command with one line: 2 wrong usage, 3 a dependency is missing, 1 anything else that has a plain reason. */
export class CommandFailure extends Error {
  readonly code: 1 | 2 | 3
  constructor(code: 1 | 2 | 3, message: string) {
    super(message)
    this.name = 'CommandFailure'
    this.code = code
  }
}

/** Rows as aligned columns; the first row is the heading. */
export const columns = (rows: readonly (readonly string[])[]): string => {
  const widths = rows.reduce<number[]>((known, row) => row.map((cell, i) => Math.max(cell.length, known[i] ?? 0)), [])
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  ')).join('\n')
}
