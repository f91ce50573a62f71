import type { Clock } from '../platform/clock.ts'
import { formatUnits } from '../platform/decimal.ts'
import type { Logger } from '../platform/log.ts'
import { Gauge, type Registry } from '../platform/metrics.ts'
import type { Chain } from '../rpc/chain.ts'
import type { Signer } from './keystore/signer.ts'

/** The platform's own wallet: pays base and priority fees and rent of every transaction. */
export interface FeePayer {
  readonly signer: Signer
  /** It can pay for the next transaction. */
  ready(): boolean
  health(): { readonly ready: boolean; readonly detail?: string }
  close(): Promise<void>
}

export interface FeePayerOptions {
  readonly signer: Signer
  readonly chain: Chain
  /** The chain gives test SOL away. */
  readonly airdrops: boolean
  readonly clock: Clock
  readonly log: Logger
  readonly registry: Registry
}

/** A few swaps' worth of rent and fees: below it nothing is signed. */
const LEAST_LAMPORTS = 50_000_000n
const TOP_UP_BELOW_LAMPORTS = 1_000_000_000n
const TOP_UP_LAMPORTS = 100_000_000_000n
const LOOK_EVERY_MS = 5_000
/** While it cannot pay, everything waits for it. */
const LOOK_AGAIN_MS = 250
/** An airdrop shows in the balance after this at the latest, so it is not asked for twice. */
const AIRDROP_MS = 10_000

export const watchFeePayer = ({ signer, chain, airdrops, clock, log, registry }: FeePayerOptions): FeePayer => {
  let balance: bigint | undefined
  let failure = 'not looked at yet'
  let airdropAt = Number.NEGATIVE_INFINITY
  const stopping = new AbortController()
  new Gauge({
    name: 'quantbot_fee_payer_lamports',
    help: 'Balance of the wallet that pays fees and rent',
    registers: [registry],
    collect() {
      if (balance !== undefined) this.set(Number(balance))
    },
  })
  const ready = () => balance !== undefined && balance >= LEAST_LAMPORTS

  const look = async (): Promise<void> => {
    const answer = await chain.balance(signer.publicKey)
    if (!answer.ok) {
      failure = answer.error.detail
      return
    }
    balance = answer.value
    failure = `${signer.publicKey} holds ${formatUnits(balance, 9)} SOL`
    if (balance >= TOP_UP_BELOW_LAMPORTS || !airdrops || clock.now() - airdropAt < AIRDROP_MS) return
    const given = await chain.airdrop(signer.publicKey, TOP_UP_LAMPORTS)
    if (given.ok) airdropAt = clock.now()
    else log.warn({ error: given.error }, 'could not top up the fee payer')
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look().catch((error: unknown) => log.error({ err: error }, 'looking at the fee payer failed'))
      await clock.sleep(ready() ? LOOK_EVERY_MS : LOOK_AGAIN_MS, stopping.signal).catch(() => undefined)
    }
  }
  const running = run()

  return {
    signer,
    ready,
    health: () => (ready() ? { ready: true } : { ready: false, detail: failure }),
    close: async () => {
      stopping.abort()
      await running
    },
  }
}
