/** Runs work at most `limit` at a time, the rest in the order in which it came. */
export const atMost = (limit: number): (<T>(work: () => Promise<T>) => Promise<T>) => {
  const queue: (() => void)[] = []
  let running = 0
  return async (work) => {
    // a turn is handed over, not given back: nobody who comes later can take it first
    if (running >= limit) await new Promise<void>((resolve) => queue.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      const next = queue.shift()
      if (next) next()
      else running--
    }
  }
}
