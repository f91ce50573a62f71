import { decodeAccountEvent } from '../../events/decode.ts'
import type { EventStore } from '../../events/store/event-store.ts'
import { accountStream } from '../../events/streams.ts'
import type { AttemptState } from './attempt-state.ts'

/** The attempt's signed wire transaction (base64): from the fold, or read back from the log for one that vanished. @throws when its event is gone */
export const signedBytes = async (store: EventStore, accountId: string, attempt: AttemptState): Promise<string> => {
  if (attempt.rawBytes !== null) return attempt.rawBytes
  let bytes: string | undefined
  for await (const recorded of store.readStream(accountStream(accountId), attempt.signedRevision, 1)) {
    const event = decodeAccountEvent(recorded)
    if (event.type === 'TransactionSigned' && event.data.signature === attempt.signature) bytes = event.data.rawBytes
  }
  if (bytes !== undefined) return bytes
  throw new Error(`no TransactionSigned at revision ${attempt.signedRevision} of ${accountId}`)
}
