import { createHash } from 'node:crypto'
import bs58 from 'bs58'
import type { Instrument } from '../../events/reference/reference-event.ts'
import type { Buggify } from '../kernel/buggify.ts'
import type { Random } from '../kernel/random.ts'
import type { Timeline } from '../kernel/timeline.ts'
import type { Trace } from '../kernel/trace.ts'
import { advancedBy, livesByNonce, nonceOfBlock, type Place } from './durable-nonce.ts'
import { type Execution, execute, giftStep } from './execute.ts'
import { openingReserves } from './market.ts'
import { type ParsedTransaction, parseTransaction } from './parse-transaction.ts'
import { createTokenState, type TokenState } from './token-state.ts'

/** The simulated chain: slots go by, transactions wait and land or do not, forks take blocks back that nobody had finalised. */
export interface BlockChain {
  readonly state: TokenState
  readonly instruments: readonly Instrument[]
  head(): Block
  /** The newest block of the chain that is at most this high. */
  atHeight(height: number): Block
  /** Blocks above it before it is confirmed, and before it is final. */
  readonly confirmedAfter: number
  readonly finalAfter: number
  /** Height up to which a node with this newest block has finalised. Never falls, whatever forks do above it. */
  finalizedAt(tip: Block): number
  blockhash(block: Block): string
  /** Last height at which a transaction with this blockhash can land; undefined on the present fork for a hash it does not have. */
  lastValid(blockhash: string): { readonly height: number; readonly of: Block } | undefined
  /** The transaction on the present fork. */
  find(signature: string): Landed | undefined
  /** Bytes reach a leader. */
  receive(wire: Uint8Array): void
  /** Somebody who is none of ours sends tokens to an account that is there. @returns the signature */
  gift(tokenAccount: string, amount: bigint): string
  isGift(signature: string): boolean
  /** What is final of the transactions that name an address, newest first. */
  finalOf(address: string): readonly Landed[]
  /** What a token account holds in the last final block. */
  finalAmount(address: string): bigint
  /** Executes without a trace, for a simulation or a question. */
  tryOut<T>(wire: Uint8Array, look: (execution: Execution) => T): T
  /** Called when a transaction lands or a fork takes it back. */
  onNews(listener: (signature: string) => void): void
  /** Landings that are final, by signature: what really happened. */
  landed(): ReadonlyMap<string, Landed>
  stop(): void
}

export interface Block {
  readonly slot: number
  readonly height: number
  readonly fork: number
  readonly landed: readonly Landed[]
  readonly mark: number
}

export interface Landed {
  readonly transaction: ParsedTransaction
  readonly execution: Execution
  readonly block: Block
}

export interface BlockChainOptions {
  readonly seed: number
  readonly instruments: readonly Instrument[]
  readonly slotMs: number
  readonly timeline: Timeline
  readonly random: Random
  readonly buggify: Buggify
  readonly trace: Trace
}

/** Fee payer of what is none of ours. */
const STRANGER = 'a stranger'
const UNSIGNED = '\0'.repeat(64)

/** Neither a blockhash nor the value of its nonce. */
const UNKNOWN_HASH: Execution = { error: 'BlockhashNotFound', fee: 0n, rent: 0n, deltas: [] }

interface Waiting {
  readonly transaction: ParsedTransaction
  /** The first slot that takes it. */
  readonly slot: number
}

export const createBlockChain = (options: BlockChainOptions): BlockChain => {
  const { seed, instruments, slotMs, timeline, random, buggify, trace } = options
  // how long a blockhash lives and how soon blocks are final differ by seed: nothing may rest on mainnet's numbers
  const life = random.between(20, 80)
  const confirmedAfter = random.between(1, 3)
  const finalAfter = confirmedAfter + random.between(4, 16)
  const state = createTokenState(new Map(instruments.map((instrument) => [instrument.symbol, openingReserves(instrument)])))
  const chain: Block[] = [{ slot: 1, height: 1, fork: 0, landed: [], mark: 0 }]
  const found = new Map<string, Landed>()
  const hashes = new Map<string, Block>()
  const parsed = new Map<string, ParsedTransaction>()
  const listeners: ((signature: string) => void)[] = []
  /** Everything that ever reached a leader: those of another fork may have the bytes too. */
  const heard = new Map<string, ParsedTransaction>()
  const gifts = new Set<string>()
  let waiting: Waiting[] = []
  let slot = 1
  let fork = 0
  let stopped = false
  let finalized = 0
  const head = (): Block => chain.at(-1)!

  const blockhash = (block: Block): string => {
    const hash = bs58.encode(createHash('sha256').update(`${seed}/${block.fork}/${block.slot}`).digest())
    hashes.set(hash, block)
    return hash
  }
  const lastValid: BlockChain['lastValid'] = (hash) => {
    const of = hashes.get(hash)
    return of && chain[of.height - 1] === of ? { height: of.height + life, of } : undefined
  }
  const parse = (wire: Uint8Array): ParsedTransaction => {
    const key = Buffer.from(wire.subarray(1, 65)).toString('latin1')
    // a simulation comes without signatures: all of those look alike
    if (key === UNSIGNED) return parseTransaction(wire)
    const known = parsed.get(key) ?? parseTransaction(wire)
    parsed.set(key, known)
    return known
  }
  const tell = (signature: string): void => {
    for (const listener of listeners) listener(signature)
  }

  /** It may land in a block of this height. */
  const isValid = (transaction: ParsedTransaction, height: number): boolean =>
    (lastValid(transaction.blockhash)?.height ?? 0) >= height || livesByNonce(state, transaction, height)
  const placeOf = ({ height, fork: of, slot: at }: Pick<Block, 'height' | 'fork' | 'slot'>): Place => ({
    height,
    nonce: nonceOfBlock(seed, of, at),
  })

  const takeBack = (): void => {
    // never below what is final; mostly the tip alone, now and then all that could still go
    const most = head().height - Math.max(1, finalized)
    if (most < 1) return
    const depth = random.chance(0.5) ? random.between(1, Math.min(2, most)) : random.between(1, most)
    fork++
    for (let i = 0; i < depth; i++) {
      const block = chain.pop()!
      state.undoTo(block.mark)
      for (const { transaction } of block.landed) {
        found.delete(transaction.signature)
        trace.note('fork', transaction.signature.slice(0, 8), block.slot)
        // the leaders of the other fork may have the bytes too
        if (transaction.payer === STRANGER) waiting.push({ transaction, slot: slot + 1 })
        else if (random.chance(0.5)) waiting.push({ transaction, slot: slot + random.between(1, life) })
        tell(transaction.signature)
      }
    }
    // what never landed on the fork that died may land on the one that lives
    for (const transaction of heard.values()) {
      if (found.has(transaction.signature) || !isValid(transaction, head().height + 1) || !random.chance(0.3)) continue
      if (buggify.rate('fork') > 0) buggify.noted('fork_lands')
      waiting.push({ transaction, slot: slot + random.between(1, 3) })
    }
  }

  const produce = (): void => {
    slot++
    if (buggify('fork')) takeBack()
    if (buggify('slot_skipped')) return
    const block = { slot, height: head().height + 1, fork, landed: [] as Landed[], mark: state.mark() }
    chain.push(block)
    movePrices()
    const due = waiting.filter((each) => each.slot <= slot)
    waiting = waiting.filter((each) => each.slot > slot)
    for (const { transaction } of due) land(transaction, block)
    finalized = Math.max(finalized, block.height - finalAfter)
  }
  const land = (transaction: ParsedTransaction, block: Block & { landed: Landed[] }): void => {
    const { signature } = transaction
    if (found.has(signature) || !isValid(transaction, block.height)) return
    const landed = { transaction, execution: execute(state, transaction, instruments, placeOf(block)), block }
    block.landed.push(landed)
    found.set(signature, landed)
    trace.note('landed', signature.slice(0, 8), block.slot, landed.execution.error ?? 'ok')
    tell(signature)
  }
  /** Others trade too: a little each slot, now and then a lot. */
  const movePrices = (): void => {
    for (const { symbol } of instruments) {
      const jump = buggify('price_jump')
      if (!jump && !random.chance(0.3)) continue
      const { base, quote } = state.pool(symbol)
      const bps = BigInt(jump ? random.between(-1_500, 1_500) : random.between(-15, 15))
      state.setPool(symbol, { base, quote: (quote * (10_000n + bps)) / 10_000n })
    }
  }
  const run = (): void => {
    if (stopped) return
    produce()
    timeline.at(timeline.now() + slotMs, run)
  }
  timeline.at(timeline.now() + slotMs, run)

  return {
    state,
    instruments,
    head,
    confirmedAfter,
    finalAfter,
    blockhash,
    lastValid,
    finalizedAt: (tip) => (tip === head() ? finalized : Math.min(finalized, tip.height - finalAfter)),
    atHeight: (height) => chain[Math.max(0, Math.min(height, chain.length) - 1)]!,
    find: (signature) => found.get(signature),
    receive: (wire) => {
      const transaction = parse(wire)
      // what lives by a nonce has no last height: it is kept for as long as a blockhash would live
      const valid = lastValid(transaction.blockhash) ?? (advancedBy(transaction) ? { height: head().height + life } : undefined)
      if (!valid || found.has(transaction.signature)) return
      heard.set(transaction.signature, transaction)
      const late = buggify('late_landing')
      // late: kept by somebody and landed at the very last moment
      const wait = late ? Math.max(1, valid.height - head().height - random.below(2)) : random.between(1, 4)
      waiting.push({ transaction, slot: slot + wait })
    },
    gift: (tokenAccount, amount) => {
      const signature = bs58.encode(createHash('sha512').update(`${seed}/gift/${gifts.size}`).digest())
      gifts.add(signature)
      const steps = [giftStep(tokenAccount, amount)]
      waiting.push({ transaction: { signature, blockhash: blockhash(head()), payer: STRANGER, signers: 1, steps }, slot: slot + 1 })
      return signature
    },
    isGift: (signature) => gifts.has(signature),
    finalOf: (address) =>
      [...found.values()]
        .filter(
          ({ block, transaction }) => block.height <= finalized && transaction.steps.some(({ accounts }) => accounts.includes(address)),
        )
        .sort((a, b) => b.block.height - a.block.height),
    finalAmount: (address) => {
      let amount = state.get(address)?.amount ?? 0n
      for (const { landed } of chain.slice(finalized))
        for (const { execution } of landed)
          for (const delta of execution.deltas) if (delta.tokenAccount === address) amount -= BigInt(delta.amount)
      return amount
    },
    tryOut: (wire, look) => {
      const mark = state.mark()
      const transaction = parse(wire)
      const next = placeOf({ height: head().height + 1, fork, slot: slot + 1 })
      const mayLive = !advancedBy(transaction) || hashes.has(transaction.blockhash) || livesByNonce(state, transaction, next.height)
      const seen = look(mayLive ? execute(state, transaction, instruments, next) : UNKNOWN_HASH)
      state.undoTo(mark)
      return seen
    },
    onNews: (listener) => {
      listeners.push(listener)
    },
    landed: () => found,
    stop: () => {
      stopped = true
    },
  }
}
