import type { SendOutcome } from '../chain.ts'

/** A way for a signed transaction to reach the leaders. Taking the bytes promises nothing: only the chain's status tells. */
export interface Sender {
  readonly name: string
  /** `round`: 0 for the first send, then one more with each rebroadcast. Never rejects. */
  send(wire: Uint8Array, round: number): Promise<SendOutcome>
  /** What transactions must pay, and to whom, for this way to be open to them. */
  tip?(): Promise<Tip | undefined>
  close(): Promise<void>
}

export interface Tip {
  readonly account: string
  readonly lamports: bigint
}

/** All ways at once: equal bytes are one transaction, whichever way they come. */
export const sendThrough = (senders: readonly Sender[]): Sender => ({
  name: senders.map(({ name }) => name).join('+'),
  send: async (wire, round) => {
    const outcomes = await Promise.all(senders.map((sender) => sender.send(wire, round)))
    return { accepted: outcomes.flatMap(({ accepted }) => accepted), failures: outcomes.flatMap(({ failures }) => failures) }
  },
  tip: async () => {
    for (const sender of senders) {
      const tip = await sender.tip?.()
      if (tip) return tip
    }
    return undefined
  },
  close: async () => {
    await Promise.all(senders.map((sender) => sender.close()))
  },
})
