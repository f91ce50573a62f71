/**
 * A source with a bug planted: `from` becomes `to`, wherever a formatter has put spaces and line ends. Undefined when the text is not
 * there, or there more than once and the bug does not say `all`.
 */
export function plant(source, { from, to, all = false }) {
  const words = from
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(words.join('\\s+'), 'g')
  const found = source.match(pattern)?.length ?? 0
  if (found === 0 || (found > 1 && !all)) return undefined
  return source.replace(pattern, () => to)
}
