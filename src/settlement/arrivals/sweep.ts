import { createHash } from 'node:crypto'
import { NATIVE_MINT } from '@solana/spl-token'
import { assetsOf } from '../../events/instruments.ts'
import type { Asset } from '../../events/reference/reference-event.ts'
import { Counter } from '../../platform/metrics.ts'
import { tokenAccountOf, tokenAmount } from '../../rpc/account-reads.ts'
import type { AccountImage } from '../../rpc/chain.ts'
import type { Settling } from '../actions/settling.ts'
import type { Cursor, Cursors, WatchedWallet } from '../work/cursors.ts'
import { type Inbox, scanInbox } from './scan.ts'

export interface Arrivals {
  close(): Promise<void>
}

export interface ArrivalsOptions {
  readonly settling: Settling
  readonly cursors: Cursors
  /** The slice groups whose lease this process holds now. */
  readonly held: () => readonly number[]
  /** Between two looks at the wallets; a look is one call for a hundred addresses. */
  readonly everyMs?: number
}

const EVERY_MS = 5_000
/** Of all addresses one part is read whatever they hold: as much may have come as went. */
const FULL_EVERY = 60
/** Pages of addresses in one look; the rest has its turn in the next. */
const PAGES_AT_ONCE = 10
const ADDRESSES_A_CALL = 100

/**
 * Finds what is sent to wallets without being asked for. Finalised balances of all wallets are read in turn, a hundred a call; the
 * history of an address is read where its balance is another than when it was last read.
 */
export const startArrivals = ({ settling, cursors, held, everyMs = EVERY_MS }: ArrivalsOptions): Arrivals => {
  const { deps } = settling
  const stopping = new AbortController()
  const places = new Map<number, string>()
  let round = 0
  const scans = new Counter({
    name: 'quantbot_arrival_scans_total',
    help: 'Histories of addresses that were read for money that came unasked',
    labelNames: ['outcome'] as const,
    registers: [deps.registry],
  })

  const look = async (group: number): Promise<void> => {
    const assets = assetsOf(deps.instruments)
    const wallets = Math.max(1, Math.floor(ADDRESSES_A_CALL / (assets.length + 1)))
    for (let page = 0; page < PAGES_AT_ONCE && !stopping.signal.aborted; page++) {
      const after = places.get(group) ?? ''
      const found = await cursors.wallets(group, after, wallets)
      places.set(group, found.length < wallets ? '' : found.at(-1)!.accountId)
      if (found.length > 0) await lookAt(found.flatMap((wallet) => inboxesOf(wallet, assets)))
      if (found.length < wallets) return
    }
  }

  const lookAt = async (inboxes: readonly Inbox[]): Promise<void> => {
    const addresses = inboxes.map(({ address }) => address)
    const [answer, known] = await Promise.all([deps.chain.finalizedAccounts(addresses), cursors.load(addresses)])
    if (!answer.ok) return deps.log.warn({ error: answer.error }, 'wallets could not be looked at')
    for (const [i, inbox] of inboxes.entries()) {
      if (stopping.signal.aborted) return
      const amount = amountIn(inbox, answer.value.accounts[i])
      const cursor = known.get(inbox.address) ?? { address: inbox.address, signature: '', slot: 0, amount: 0n }
      if (amount !== cursor.amount || isDue(inbox.address, round)) await read(inbox, cursor, amount)
    }
  }

  const read = async (inbox: Inbox, from: Cursor, amount: bigint): Promise<void> => {
    const scanned = await scanInbox(settling, inbox, from, amount)
    scans.inc({ outcome: scanned.kind })
    if (scanned.kind === 'broken_off') deps.log.warn({ ...inbox, detail: scanned.detail }, 'the history of an address is read on later')
    if (scanned.cursor !== from) await cursors.save(scanned.cursor)
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      for (const group of held())
        await look(group).catch((error: unknown) => deps.log.warn({ err: error, group }, 'looking for unrequested transfers failed'))
      round++
      await deps.clock.sleep(everyMs, stopping.signal).catch(() => undefined)
    }
  }
  const running = run()

  return {
    close: async () => {
      stopping.abort(new Error('stopping'))
      await running
    },
  }
}

/** Another sixtieth in each round. */
const isDue = (address: string, round: number): boolean =>
  (createHash('sha256').update(address).digest().readUInt16BE(0) + round) % FULL_EVERY === 0

const inboxesOf = ({ accountId, publicKey }: WatchedWallet, assets: readonly Asset[]): readonly Inbox[] => [
  ...assets.map((asset) => ({
    accountId,
    asset,
    native: false,
    address: tokenAccountOf({ owner: publicKey, mint: asset.mint }).toBase58(),
  })),
  // Native SOL is worth something only where SOL is an asset.
  ...assets.filter(({ mint }) => mint === NATIVE_MINT.toBase58()).map((asset) => ({ accountId, asset, native: true, address: publicKey })),
]

const amountIn = ({ native }: Inbox, image: AccountImage | undefined): bigint => (native ? (image?.lamports ?? 0n) : tokenAmount(image))
