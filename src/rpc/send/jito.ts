import { z } from 'zod'
import { type Clock, monotonicMs } from '../../platform/clock.ts'
import type { Registry } from '../../platform/metrics.ts'
import type { SendOutcome } from '../chain.ts'
import { toChainError, toFailure } from '../chain-error.ts'
import { createPosting } from './posted.ts'
import type { Sender } from './sender.ts'

export interface JitoOptions {
  /** Block engine: `https://mainnet.block-engine.jito.wtf`. */
  readonly url: string
  /** `bundle`: all or nothing, revert-protected, in the tip auction; `transaction`: forwarded to the leader as well. */
  readonly mode: 'bundle' | 'transaction'
  readonly authKey?: string | undefined
  /** Paid by each transaction to one of Jito's tip accounts; a bundle without one is not taken. */
  readonly tipLamports: bigint
  readonly clock: Clock
  readonly registry: Registry
}

/** Jito's block engine: `sendBundle` under /api/v1/bundles, `sendTransaction` under /api/v1/transactions, both in base64. */
export const jitoSender = ({ url, mode, authKey, tipLamports, clock, registry }: JitoOptions): Sender => {
  const headers = authKey === undefined ? {} : { 'x-jito-auth': authKey }
  const posting = createPosting({ name: 'jito', url, headers, clock, registry })
  let tipAccounts: readonly string[] = []
  let tipsAt = Number.NEGATIVE_INFINITY
  let turn = 0

  const send = (wire: Uint8Array): Promise<unknown> => {
    const text = Buffer.from(wire).toString('base64')
    return mode === 'bundle'
      ? posting.post('/api/v1/bundles', { method: 'sendBundle', params: [[text], { encoding: 'base64' }] })
      : posting.post('/api/v1/transactions', { method: 'sendTransaction', params: [text, { encoding: 'base64' }] })
  }

  return {
    name: 'jito',
    send: (wire): Promise<SendOutcome> =>
      send(wire).then(
        () => ({ accepted: ['jito'], failures: [] }),
        (error: unknown) => ({ accepted: [], failures: [{ endpoint: 'jito', error: toChainError(toFailure(error)) }] }),
      ),
    tip: async () => {
      if (monotonicMs() - tipsAt > TIP_ACCOUNTS_MS) {
        const answer = TipAccounts.safeParse(
          await posting.post('/api/v1/bundles', { method: 'getTipAccounts', params: [] }).catch(() => undefined),
        )
        // Without the accounts this way is closed for a while, the others are not.
        if (answer.success) tipAccounts = answer.data
        if (answer.success) tipsAt = monotonicMs()
      }
      // In turn: one account for all would make all transactions wait for its write lock.
      const account = tipAccounts[turn++ % Math.max(1, tipAccounts.length)]
      return account === undefined ? undefined : { account, lamports: tipLamports }
    },
    close: posting.close,
  }
}

const TipAccounts = z.array(z.string().min(32).max(44)).min(1)
/** They have not changed in years. */
const TIP_ACCOUNTS_MS = 3_600_000
