import type { Buggify } from '../kernel/buggify.ts'
import type { Random } from '../kernel/random.ts'
import type { Timeline } from '../kernel/timeline.ts'
import type { Block, BlockChain } from './block-chain.ts'

/** One node of the simulated chain, the same for all processes. What is wrong with it lasts for a while, as it does with real ones. */
export interface ChainNode {
  readonly name: string
  /** The newest block that this answer knows of. */
  tip(): Block
  /** The same for what it tells of signatures: their index may stand still for a while, although its heights go on. */
  indexTip(): Block
  /** It is on a fork of its own: heights that nobody reached, and it knows of no transaction. */
  lies(): boolean
}

export interface ChainNodesOptions {
  /** Only the last of several ever lies: a proof needs two witnesses, and two liars together would deceive anybody. */
  readonly names: readonly string[]
  readonly chain: BlockChain
  readonly timeline: Timeline
  readonly random: Random
  readonly buggify: Buggify
}

/** A mood lasts for some seconds: long enough that everything which a proof asks is answered in it. */
const LEAST_MS = 2_000
const MOST_MS = 30_000

export const createNodes = ({ names, chain, timeline, random, buggify }: ChainNodesOptions): readonly ChainNode[] =>
  names.map((name, i) => {
    const mayLie = i > 0 && i === names.length - 1
    let stuck = { at: 0, until: 0 }
    let lying = 0
    const lasting = (): number => timeline.now() + random.between(LEAST_MS, MOST_MS)
    const tip = (): Block => {
      const head = chain.head()
      return buggify('rpc_behind') ? chain.atHeight(head.height - random.between(1, chain.finalAfter)) : head
    }

    return {
      name,
      lies: () => {
        if (!mayLie) return false
        if (lying < timeline.now() && buggify('node_lies')) lying = lasting()
        return lying >= timeline.now() && buggify.rate('node_lies') > 0
      },
      tip,
      indexTip: () => {
        const head = chain.head()
        if (stuck.until < timeline.now() && buggify('node_stuck')) stuck = { at: head.height, until: lasting() }
        const isStuck = stuck.until >= timeline.now() && buggify.rate('node_stuck') > 0
        return isStuck ? chain.atHeight(Math.min(stuck.at, head.height)) : tip()
      },
    }
  })
