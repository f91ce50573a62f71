import type { BlockChain } from '../chain/block-chain.ts'
import type { ChainNode } from '../chain/nodes.ts'
import type { Buggify } from '../kernel/buggify.ts'
import type { Machine } from '../kernel/machine.ts'
import type { Random } from '../kernel/random.ts'
import type { Timeline } from '../kernel/timeline.ts'
import type { Trace } from '../kernel/trace.ts'
import type { SharedTables } from '../store/coordination.ts'
import type { MemoryLog } from '../store/memory-log.ts'

/** What all processes of a simulation stand on. */
export interface Ground {
  readonly timeline: Timeline
  readonly random: Random
  readonly buggify: Buggify
  readonly trace: Trace
  readonly log: MemoryLog
  readonly logId: string
  readonly tables: SharedTables
  readonly chain: BlockChain
  readonly slotMs: number
  readonly nodes: readonly ChainNode[]
  /** Processes look for transfers that came unasked. */
  readonly arrivals: boolean
  readonly delivered: Map<string, bigint>
  /** Where nonce accounts of the seed's accounts may lie; none where nothing lives by them. */
  readonly nonceSeats: ReadonlySet<string>
  readonly onSend: (wire: Uint8Array) => void
  /** A moment at which the process may die or stop for a while; `weight`: how good a moment. */
  readonly mayDie: (machine: Machine, weight: number) => void
}
