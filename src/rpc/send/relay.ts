import type { Clock } from '../../platform/clock.ts'
import type { Registry } from '../../platform/metrics.ts'
import type { SendOutcome } from '../chain.ts'
import { toChainError, toFailure } from '../chain-error.ts'
import { createPosting } from './posted.ts'
import type { Sender } from './sender.ts'

export interface RelayOptions {
  /** Full address; a key in its query stays out of logs and metrics. */
  readonly url: string
  readonly apiKey?: string | undefined
  readonly clock: Clock
  readonly registry: Registry
}

/** A relay with stake-weighted connections to the leaders. All of them take plain `sendTransaction`. */
export const relaySender = ({ url, apiKey, clock, registry }: RelayOptions): Sender => {
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  const posting = createPosting({ name: 'relay', url, headers, clock, registry })
  return {
    name: 'relay',
    send: (wire): Promise<SendOutcome> =>
      posting
        .post('', {
          method: 'sendTransaction',
          params: [Buffer.from(wire).toString('base64'), { encoding: 'base64', skipPreflight: true, maxRetries: 0 }],
        })
        .then(
          () => ({ accepted: ['relay'], failures: [] }),
          (error: unknown) => ({ accepted: [], failures: [{ endpoint: 'relay', error: toChainError(toFailure(error)) }] }),
        ),
    close: posting.close,
  }
}
