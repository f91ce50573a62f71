/**
 * One field of these rows, or one place of these keys, as Postgres reads an array. The driver would quote and escape every value alike,
 * which takes it longer than the projecting does; numbers, booleans and texts without special characters need none of that.
 */
export const arrayLiteral = <Row>(type: string, rows: readonly Row[], field: keyof Row): string => {
  let text = '{'
  for (let i = 0; i < rows.length; i++) {
    const value: unknown = rows[i]![field]
    if (i > 0) text += ','
    if (value === null || value === undefined) text += 'NULL'
    else if (type === 'text') text += quoted(value as string)
    else text += String(value)
  }
  return `${text}}`
}

const SPECIAL = /["\\]/

/** Always in quotes: a text may be empty, or say NULL, or hold a comma. */
const quoted = (text: string): string => (SPECIAL.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`)
