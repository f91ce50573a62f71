import type { SettlementDeps } from '../../../src/settlement/deps.ts'

/** A border between two steps of a landing: a worker can be made to die when it first comes to it. */
export type Border = (typeof BORDERS)[number]

/** Every step of an order's landing that ends well, before and after it. Polls that bring no news are no step: there would be no end of them. */
const COMMON = [
  'before build',
  'after build',
  'before latestBlockhash',
  'after latestBlockhash',
  'before simulate',
  'after simulate',
  'before RecordSigned',
  'after RecordSigned',
  'before send',
  'after send',
  'after statuses',
  'before transaction',
  'after transaction',
  'before BookLanded',
  'after BookLanded',
  'before BookFinalized',
  'after BookFinalized',
] as const

/** Steps of a proof, which a landing comes to only when the chain has lost it, or taken it back. */
const PROOF = [
  'before blockhashValidAt',
  'after blockhashValidAt',
  'before statusAt',
  'after statusAt',
  'before BookExpired',
  'after BookExpired',
  'before BookVanished',
  'after BookVanished',
] as const

export const BORDERS = [...COMMON, ...PROOF] as const

/** What must become of the order's transaction for a worker to come to the border; undefined: anything. */
export const fateFor = (border: Border): 'lost' | 'rollback' | undefined => {
  if (border.endsWith('BookVanished')) return 'rollback'
  return (PROOF as readonly string[]).includes(border) ? 'lost' : undefined
}

/** Settlement's ports with `cross` called at every border. */
export const withBorders = (deps: SettlementDeps, cross: (border: string) => void): SettlementDeps => {
  const bordered =
    <A extends unknown[], R>(name: string, step: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      cross(`before ${name}`)
      const result = await step(...args)
      cross(`after ${name}`)
      return result
    }
  const { chain, venue, handler } = deps
  return {
    ...deps,
    chain: {
      ...chain,
      statuses: async (signatures, options) => {
        const answer = await chain.statuses(signatures, options)
        if (answer.ok && answer.value.states.some((state) => state !== null)) cross('after statuses')
        return answer
      },
      latestBlockhash: bordered('latestBlockhash', chain.latestBlockhash),
      simulate: bordered('simulate', chain.simulate),
      send: bordered('send', chain.send),
      transaction: bordered('transaction', chain.transaction),
      statusAt: bordered('statusAt', chain.statusAt),
      blockhashValidAt: bordered('blockhashValidAt', chain.blockhashValidAt),
    },
    venue: { ...venue, build: bordered('build', venue.build) },
    handler: {
      ...handler,
      execute: (accountId, command, origin) => bordered(command.type, () => handler.execute(accountId, command, origin))(),
    },
  }
}
