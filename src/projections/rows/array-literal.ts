/**
 * One field of these rows (or one place of these keys) as Postgres reads an array. The driver would quote and escape every value alike, which takes it longer than the
 * projecting does; numbers, booleans and texts without special characters need none of that.
 */
export const arrayLiteral = <Row>(type: string, rows: readonly Row[], field: keyof Row): string =>
  type === 'text' ? texts(rows, field) : plain(rows, field)

const plain = <Row>(rows: readonly Row[], field: keyof Row): string => {
  let text = '{'
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]![field] as unknown as bigint | number | boolean | null | undefined
    text += `${i > 0 ? ',' : ''}${value ?? 'NULL'}`
  }
  return `${text}}`
}

/** Always in quotes: a text may be empty, or say NULL, or hold a comma. */
const texts = <Row>(rows: readonly Row[], field: keyof Row): string => {
  let text = '{'
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]![field] as unknown as string | null | undefined
    if (i > 0) text += ','
    text += value === null || value === undefined ? 'NULL' : SPECIAL.test(value) ? escaped(value) : `"${value}"`
  }
  return `${text}}`
}

const SPECIAL = /["\\]/
const escaped = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
