import type { ServerResponse } from 'node:http'

/** Why the work on a request is broken off that nobody waits for any more. */
export const WENT_AWAY = new Error('the client went away')

/** Aborts when the client has gone; at once where it went while its request was looked at, for that is told only once. */
export const untilGone = (res: ServerResponse): AbortSignal => {
  const gone = new AbortController()
  const leave = (): void => gone.abort(WENT_AWAY)
  if (res.destroyed) leave()
  else res.once('close', leave)
  return gone.signal
}
