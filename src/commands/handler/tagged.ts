/** JSON has no bigint: it becomes {n}; no record of ours has a sole member of that name. */
export const tagged = (value: unknown): unknown => {
  if (typeof value === 'bigint') return { n: value.toString() }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, tagged(member)]))
}
/** The reverse. */
export const untagged = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  if (entries.length === 1 && entries[0]![0] === 'n') return BigInt(entries[0]![1] as string)
  return Object.fromEntries(entries.map(([key, member]) => [key, untagged(member)]))
}
