import type { Chain } from '../chain.ts'
import type { Sender } from './sender.ts'

/** The first send goes to the best two: one may drop it. A rebroadcast means that they did, or that the network is full: then all. */
const FIRST_FANOUT = 2

/** Sends by the pool's own endpoints, which the pool's owner closes. */
export const rpcSender = (chain: Pick<Chain, 'send'>): Sender => ({
  name: 'rpc',
  send: (wire, round) => chain.send(wire, round === 0 ? { fanout: FIRST_FANOUT } : {}),
  close: async () => undefined,
})
