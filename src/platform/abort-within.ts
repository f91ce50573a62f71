import { setMaxListeners } from 'node:events'

/**
 * A controller of work that also ends with what it is part of. Abort it when the work is over, or `outer` holds it until it ends itself.
 * Not AbortSignal.any: whatever is listened to there stays in memory for ever when no source ever aborts (1.3 KB and all that its listeners
 * reach, Node 20).
 */
export const abortWithin = (outer: AbortSignal): AbortController => {
  const inner = new AbortController()
  if (outer.aborted) {
    inner.abort(outer.reason)
    return inner
  }
  // one for each piece of work is no leak
  setMaxListeners(0, outer)
  const follow = (): void => inner.abort(outer.reason)
  outer.addEventListener('abort', follow, { once: true })
  inner.signal.addEventListener('abort', () => outer.removeEventListener('abort', follow), { once: true })
  return inner
}
