import type { AccountState } from '../../commands/account/state.ts'
import { tokenAccountOf } from '../../rpc/account-reads.ts'
import type { Ground } from '../world/ground.ts'

export interface Gifts {
  /** All that has come is in the ledgers. */
  booked(): boolean
}

const MOST_GIFTS = 3

/** Strangers send tokens to wallets, in the seeds whose processes look for that. */
export const startGifts = (
  { arrivals, timeline, random, buggify, chain, log }: Ground,
  accounts: readonly string[],
  stateOf: (accountId: string) => AccountState | undefined,
): Gifts => {
  const given = new Set<string>()
  log.onAppend((events) => {
    for (const { type, data } of events) if (type === 'FundsCredited') given.delete((data as { readonly signature: string }).signature)
  })
  const give = (): void => {
    const owner = stateOf(random.pick(accounts))?.wallet?.publicKey
    const { mint } = random.pick(chain.instruments).quote
    const address = owner === undefined ? undefined : tokenAccountOf({ owner, mint }).toBase58()
    if (address === undefined || !chain.state.get(address)) return
    buggify.noted('gift')
    given.add(chain.gift(address, BigInt(random.between(1, 5_000_000))))
  }
  if (arrivals) for (let i = 0; i < MOST_GIFTS; i++) timeline.at(timeline.now() + random.between(6_000, 30_000), give)
  return {
    // one that a fork took back for good has never come
    booked: () => [...given].every((signature) => chain.find(signature) === undefined),
  }
}
