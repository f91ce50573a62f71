import { Pool } from 'undici'
import type { Logger } from '../../platform/log.ts'

export interface RpcRequest {
  readonly jsonrpc?: unknown
  readonly id?: unknown
  readonly method: string
  readonly params?: unknown
}
export interface RpcAnswer {
  readonly jsonrpc: '2.0'
  readonly id: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** A blockhash with the slot it was the newest at. */
export interface Blockhash {
  readonly slot: number
  readonly blockhash: string
  readonly lastValidBlockHeight: number
}

/** The real chain behind the front, and what its clock shows. */
export interface Upstream {
  readonly url: string
  ask(request: RpcRequest): Promise<RpcAnswer>
  /** Newest processed slot seen. */
  slot(): number
  /** How many slots a finalized slot is behind a processed one. */
  finalityDepth(): number
  /** The newest blockhash of a slot at or below this one. */
  blockhashAt(slot: number): Blockhash | undefined
  known(blockhash: string): Blockhash | undefined
  /** Notes a blockhash that a port handed out: the follower misses slots when the machine is busy. */
  learn(blockhash: Blockhash): void
  onSlot(listener: () => void): void
  close(): Promise<void>
}

/** More than a blockhash's life and any lag worth having. */
const REMEMBERED = 2_000

/** @throws when the chain does not answer */
export const openUpstream = async (url: string, slotMs: number, log: Logger): Promise<Upstream> => {
  // Sends and reads of all ports meet here; the local chain answers in under a millisecond.
  const pool = new Pool(url, { connections: 64, pipelining: 1 })
  const bySlot = new Map<number, Blockhash>()
  const byHash = new Map<string, Blockhash>()
  const listeners: (() => void)[] = []
  const stopping = new AbortController()
  let newest = 0
  let depth = 31

  const ask = async (request: RpcRequest): Promise<RpcAnswer> => {
    const body = JSON.stringify({ ...request, jsonrpc: '2.0', id: request.id ?? 0 })
    const response = await pool.request({ method: 'POST', path: '/', headers: { 'content-type': 'application/json' }, body })
    return (await response.body.json()) as RpcAnswer
  }
  const learn = (entry: Blockhash): void => {
    if (bySlot.has(entry.slot)) return
    bySlot.set(entry.slot, entry)
    byHash.set(entry.blockhash, entry)
    if (bySlot.size <= REMEMBERED) return
    const oldest = bySlot.values().next().value!
    byHash.delete(oldest.blockhash)
    bySlot.delete(oldest.slot)
  }
  const look = async (): Promise<void> => {
    const { result } = await ask({ method: 'getLatestBlockhash', params: [{ commitment: 'processed' }] })
    const { context, value } = result as { context: { slot: number }; value: Omit<Blockhash, 'slot'> }
    if (context.slot <= newest) return
    newest = context.slot
    learn({ slot: newest, ...value })
    for (const listener of listeners) listener()
  }
  const measureDepth = async (): Promise<void> => {
    const [processed, finalized] = await Promise.all(
      ['processed', 'finalized'].map(async (commitment) => (await ask({ method: 'getSlot', params: [{ commitment }] })).result as number),
    )
    // A young chain has not finalised anything yet and shows a smaller one.
    depth = Math.max(1, (processed ?? 0) - (finalized ?? 0))
  }
  const follow = async (): Promise<void> => {
    for (let n = 1; !stopping.signal.aborted; n++) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(5, slotMs / 2)))
      const looked = n % DEPTH_EVERY === 0 ? Promise.all([look(), measureDepth()]) : look()
      await looked.catch((error: unknown) => log.debug({ err: error }, 'the chain does not answer'))
    }
  }

  await Promise.all([look(), measureDepth()])
  const following = follow()
  return {
    url,
    ask,
    slot: () => newest,
    finalityDepth: () => depth,
    blockhashAt: (slot) => {
      for (let s = slot; s > slot - REMEMBERED; s--) {
        const found = bySlot.get(s)
        if (found) return found
      }
      return undefined
    },
    known: (blockhash) => byHash.get(blockhash),
    learn,
    onSlot: (listener) => void listeners.push(listener),
    close: async () => {
      stopping.abort()
      await following
      await pool.destroy()
    },
  }
}

const DEPTH_EVERY = 50
