import { TOKEN_PROGRAM_ID } from '@solana/spl-token'
import { PublicKey, SystemProgram } from '@solana/web3.js'
import { tokenAccountOf } from '../../rpc/account-reads.ts'
import type { AccountImage, Chain, ChainAnswer, SignatureState } from '../../rpc/chain.ts'
import type { Buggify } from '../kernel/buggify.ts'
import type { Machine } from '../kernel/machine.ts'
import type { Random } from '../kernel/random.ts'
import type { Timeline } from '../kernel/timeline.ts'
import type { Block, BlockChain, Landed } from './block-chain.ts'
import { nonceImage } from './durable-nonce.ts'
import type { ChainNode } from './nodes.ts'

export interface ChainPortOptions {
  readonly chain: BlockChain
  /** The nodes that every process asks. */
  readonly nodes: readonly ChainNode[]
  readonly machine: Machine
  readonly timeline: Timeline
  readonly random: Random
  readonly buggify: Buggify
  readonly slotMs: number
  /** Addresses that are nonce accounts or nothing. */
  readonly nonceSeats: ReadonlySet<string>
  /** Told of all bytes that leave the process. */
  readonly onSend: (wire: Uint8Array) => void
}

/** One process's way to the chain: nodes that lag, are away, know nothing, tell wrong heights, and lose what they are given. */
export const chainPort = (options: ChainPortOptions): Chain => {
  const { chain, nodes, machine, timeline, random, buggify, slotMs, nonceSeats, onSend } = options
  const liar = nodes.length > 1 ? nodes.at(-1) : undefined
  const named = (endpoint: string): ChainNode => nodes.find(({ name }) => name === endpoint) ?? nodes[0]!
  const hop = (): number => random.between(2, 60)
  /** Whoever answers when it does not matter who. */
  const anyNode = (): ChainNode => random.pick(nodes)
  const view = (): Block => anyNode().tip()
  /** How much higher than it is a node says that the chain is. */
  const aheadOf = (node: ChainNode, mayErr: boolean): number =>
    node.lies() || (mayErr && buggify('wrong_height')) ? random.between(1, 300) : 0

  const ask = async <T>(answer: () => T): Promise<ChainAnswer<T>> => {
    if (buggify('rpc_away')) return machine.call(random.between(50, 4_000), 1, () => away)
    return machine.call(0, hop() + hop(), () => ({ ok: true, value: answer() }))
  }
  const stateOf = (landed: Landed | undefined, tip: Block): SignatureState | null => {
    if (!landed || landed.block.height > tip.height) return null
    const { slot, height } = landed.block
    const depth = tip.height - height
    const commitment = height <= chain.finalizedAt(tip) ? 'finalized' : depth >= chain.confirmedAfter ? 'confirmed' : 'processed'
    return { slot, commitment, error: landed.execution.error }
  }
  const image = (address: string): AccountImage | undefined => {
    if (nonceSeats.has(address)) return nonceImage(chain.state.nonce(address))
    const account = chain.state.get(address)
    return account ? tokenImage(account) : PLAIN
  }

  const finalSlot = (tip: Block): number => chain.atHeight(chain.finalizedAt(tip)).slot
  const finalImage = (address: string, tip: Block): AccountImage | undefined => {
    if (nonceSeats.has(address)) return nonceImage(chain.state.nonce(address, chain.finalizedAt(tip)))
    const account = chain.state.get(address)
    return account ? tokenImage({ ...account, amount: chain.finalAmount(address) }) : PLAIN
  }

  return {
    latestBlockhash: () =>
      ask(() => {
        const block = view()
        const blockhash = chain.blockhash(block)
        return { blockhash, lastValidBlockHeight: chain.lastValid(blockhash)!.height, slot: block.slot }
      }),
    finalizedHeight: () =>
      ask(() => {
        const node = anyNode()
        const final = chain.atHeight(chain.finalizedAt(node.tip()))
        const ahead = aheadOf(node, true)
        return { endpoint: '', height: final.height + ahead, slot: final.slot + ahead }
      }),
    finalizedHeights: () =>
      machine.call(0, hop() + hop(), () =>
        nodes.flatMap((node) => {
          if (buggify('rpc_away')) return []
          const final = chain.atHeight(chain.finalizedAt(node.tip()))
          const ahead = aheadOf(node, node === liar)
          return [{ endpoint: node.name, height: final.height + ahead, slot: final.slot + ahead }]
        }),
      ),
    send: async (wire) => {
      onSend(wire)
      const bytes = Uint8Array.from(wire)
      for (const _ of buggify('send_doubled') ? [1, 2] : [1])
        if (!buggify('send_dropped')) timeline.at(timeline.now() + random.between(2, slotMs * 3), () => chain.receive(bytes))
      if (buggify('rpc_away')) return machine.call(random.between(50, 2_000), 1, () => ({ accepted: [], failures: [] }))
      return machine.call(hop(), hop(), () => ({ accepted: [nodes[0]!.name], failures: [] }))
    },
    statuses: (signatures) =>
      ask(() => {
        const node = anyNode()
        const tip = node.indexTip()
        const lies = node.lies()
        const states = signatures.map((signature) => (lies || buggify('null_status') ? null : stateOf(chain.find(signature), tip)))
        return { slot: tip.slot, states }
      }),
    statusAt: (endpoint, signature) =>
      ask(() => {
        const node = named(endpoint)
        const tip = node.indexTip()
        const lies = node.lies() || (node === liar && buggify('null_status'))
        return { slot: lies ? tip.slot + random.below(400) : tip.slot, state: lies ? null : stateOf(chain.find(signature), tip) }
      }),
    blockhashValidAt: (endpoint, blockhash) =>
      ask(() => {
        const valid = chain.lastValid(blockhash)
        const node = named(endpoint)
        const tip = node.tip()
        if (node.lies()) return false
        if (node === liar && buggify('wrong_height')) return random.chance(0.5)
        return valid !== undefined && valid.of.height <= tip.height && tip.height <= valid.height
      }),
    transaction: (signature) =>
      ask(() => {
        const landed = chain.find(signature)
        const state = stateOf(landed, view())
        if (!landed || !state || state.commitment === 'processed') return null
        const { error, fee, rent, deltas } = landed.execution
        return { slot: landed.block.slot, error, fee, rent, deltas, feePayer: landed.transaction.payer, lamports: [] }
      }),
    simulate: (wire, { minSlot = 0, accounts = [] } = {}) =>
      ask(() => view().slot >= minSlot).then((reached) => {
        if (!reached.ok) return reached
        if (!reached.value) return away
        return chain.tryOut(wire, ({ error }) => ({
          ok: true,
          value: { error, unitsConsumed: COMPUTE_UNITS, logs: [], accounts: error === null ? accounts.map(image) : [] },
        }))
      }),
    accounts: (addresses) => ask(() => addresses.map(image)),
    finalizedAccounts: (addresses) =>
      ask(() => {
        const tip = view()
        return { slot: finalSlot(tip), accounts: addresses.map((address) => finalImage(address, tip)) }
      }),
    finalizedAccountAt: (endpoint, address) =>
      ask(() => {
        const tip = named(endpoint).tip()
        return { slot: finalSlot(tip), account: finalImage(address, tip) }
      }),
    signaturesOf: (address, { before, until, limit }) =>
      ask(() => {
        const newestFirst = chain.finalOf(address)
        const from = before === undefined ? 0 : newestFirst.findIndex(({ transaction }) => transaction.signature === before) + 1
        const to = until === undefined ? -1 : newestFirst.findIndex(({ transaction }) => transaction.signature === until)
        return newestFirst
          .slice(from, to < 0 ? undefined : to)
          .slice(0, limit)
          .map(({ transaction, execution, block }) => ({
            signature: transaction.signature,
            slot: block.slot,
            failed: execution.error !== null,
          }))
      }),
    tokenBalances: (holders) => ask(() => holders.map((holder) => chain.state.get(tokenAccountOf(holder).toBase58())?.amount ?? 0n)),
    balance: () => ask(() => PAYER_LAMPORTS),
    recentPrices: () => ask(() => []),
    airdrop: () => ask(() => 'airdropped'),
    watch: (signature, hint) => {
      let watched = true
      chain.onNews((news) => {
        if (watched && machine.alive() && news === signature && !buggify('hint_lost'))
          machine.deliver(timeline.now() + random.between(5, slotMs), () => watched && hint())
      })
      return () => {
        watched = false
      }
    },
    slotMs: () => slotMs,
    endpoints: () => nodes.map(({ name }) => ({ endpoint: name, state: 'healthy', healthy: true, lagSlots: 0 })),
    addEndpoint: (url) => url,
    removeEndpoint: async () => false,
    close: async () => undefined,
  }
}

const away = { ok: false, error: { kind: 'unavailable', detail: 'no node answers' } } as const
const COMPUTE_UNITS = 60_000
/** The fee payer never runs dry here: 1,000 SOL. */
const PAYER_LAMPORTS = 1_000_000_000_000n
const SYSTEM = SystemProgram.programId.toBase58()
const TOKEN = TOKEN_PROGRAM_ID.toBase58()
const PLAIN: AccountImage = { lamports: PAYER_LAMPORTS, owner: SYSTEM, data: new Uint8Array() }
const TOKEN_ACCOUNT_BYTES = 165
const OWNER_AT = 32
const AMOUNT_AT = 64
const STATE_AT = 108

const tokenImage = ({ owner, mint, amount }: { readonly owner: string; readonly mint: string; readonly amount: bigint }): AccountImage => {
  const data = Buffer.alloc(TOKEN_ACCOUNT_BYTES)
  new PublicKey(mint).toBuffer().copy(data, 0)
  new PublicKey(owner).toBuffer().copy(data, OWNER_AT)
  data.writeBigUInt64LE(amount, AMOUNT_AT)
  data.writeUInt8(1, STATE_AT)
  return { lamports: 2_039_280n, owner: TOKEN, data }
}
