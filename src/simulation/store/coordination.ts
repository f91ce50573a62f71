import type { Position } from '../../events/store/event-store.ts'
import { LEASE_TTL_MS, type Lease } from '../../platform/lease.ts'
import type { Coordination } from '../../settlement/work/coordination.ts'
import type { Cursor, Cursors } from '../../settlement/work/cursors.ts'
import type { Touched, Wallet } from '../../settlement/work/work-index.ts'
import type { Buggify } from '../kernel/buggify.ts'
import type { Machine } from '../kernel/machine.ts'
import type { Random } from '../kernel/random.ts'
import type { Timeline } from '../kernel/timeline.ts'

/** The tables that the settlement processes of a simulation share. */
export interface SharedTables {
  readonly leases: Map<string, { fence: bigint; expiresAt: number }>
  readonly work: Map<number, Map<string, bigint>>
  readonly checkpoints: Map<number, Position>
  readonly wallets: Map<number, Map<string, string>>
  readonly cursors: Map<string, Cursor>
}

export const createSharedTables = (): SharedTables => ({
  leases: new Map(),
  work: new Map(),
  checkpoints: new Map(),
  wallets: new Map(),
  cursors: new Map(),
})

export interface CoordinationPortOptions {
  readonly tables: SharedTables
  /** Cursors are kept, so somebody looks for transfers that came unasked. */
  readonly arrivals: boolean
  readonly machine: Machine
  readonly timeline: Timeline
  readonly random: Random
  readonly buggify: Buggify
}

/** Leases and index as the database gives them: every call takes time and may fail, and a lease is lost to whoever takes it after its expiry. */
export const coordinationPort = ({ tables, arrivals, machine, timeline, random, buggify }: CoordinationPortOptions): Coordination => {
  const hop = (): number => random.between(1, 15)
  const query = <T>(work: () => T): Promise<T> =>
    machine.call(0, hop() + hop(), () => {
      if (!buggify('index_away')) return work()
      // the statement may have been carried out although its answer is lost
      if (random.chance(0.3)) work()
      throw new Error('the database is away')
    })

  const hold = (name: string, fence: bigint, signal: AbortSignal): Lease => {
    const ended = new AbortController()
    const end = (why: string): void => ended.abort(new Error(`lease ${name}: ${why}`))
    signal.addEventListener('abort', () => end('stopping'), { once: true })
    const mine = (): boolean => tables.leases.get(name)?.fence === fence
    const keep = async (): Promise<void> => {
      let expires = machine.clock.now() + LEASE_TTL_MS
      while (!ended.signal.aborted) {
        await machine.clock.sleep(LEASE_TTL_MS / 2, ended.signal)
        // somebody deletes the row, or the database comes back from an old copy
        if (buggify('lease_lost')) tables.leases.set(name, { fence, expiresAt: 0 })
        const asked = machine.clock.now()
        const renewed = await query(() => {
          if (!mine()) return false
          tables.leases.set(name, { fence, expiresAt: timeline.now() + LEASE_TTL_MS })
          return true
        }).catch(() => undefined)
        if (renewed === true) expires = asked + LEASE_TTL_MS
        else if (renewed === false) end('another holder took it')
        else if (machine.clock.now() >= expires) end('could not be renewed in time')
      }
    }
    keep().catch(() => undefined)
    return {
      name,
      fence,
      signal: ended.signal,
      release: async () => {
        end('released')
        await query(() => mine() && tables.leases.set(name, { fence, expiresAt: 0 })).catch(() => undefined)
      },
    }
  }

  return {
    lease: async (name, signal) => {
      for (;;) {
        signal.throwIfAborted()
        const fence = await query(() => {
          const there = tables.leases.get(name)
          if (there && there.expiresAt >= timeline.now()) return undefined
          const next = (there?.fence ?? 0n) + 1n
          tables.leases.set(name, { fence: next, expiresAt: timeline.now() + LEASE_TTL_MS })
          return next
        }).catch(() => undefined)
        if (fence !== undefined) return hold(name, fence, signal)
        // not before it can be free: a waiter that asks four times meanwhile learns nothing and costs a third of all steps
        const left = (tables.leases.get(name)?.expiresAt ?? 0) - timeline.now()
        await machine.clock.sleep(Math.max(LEASE_TTL_MS / 4, left + 1), signal)
      }
    },
    index: (group, { name, fence }) => {
      const work = tables.work.get(group) ?? new Map<string, bigint>()
      tables.work.set(group, work)
      return {
        load: () =>
          query(() => ({
            after: tables.checkpoints.get(group),
            accounts: [...work].map(([accountId, revision]) => ({ accountId, revision })),
          })),
        advance: (touched: readonly Touched[], to: Position, wallets: readonly Wallet[]) =>
          query(() => {
            if (tables.leases.get(name)?.fence !== fence) return false
            for (const { accountId, revision } of touched) work.set(accountId, max(work.get(accountId) ?? -1n, revision))
            const known = tables.wallets.get(group) ?? new Map<string, string>()
            tables.wallets.set(group, known)
            for (const { accountId, publicKey } of wallets) known.set(accountId, publicKey)
            const there = tables.checkpoints.get(group)
            if (!there || there.commit < to.commit) tables.checkpoints.set(group, to)
            return true
          }),
        remove: (idle: readonly Touched[]) =>
          query(() => {
            for (const { accountId, revision } of idle) if ((work.get(accountId) ?? -1n) <= revision) work.delete(accountId)
          }),
      }
    },
    cursors: arrivals ? cursorsIn(tables, query) : undefined,
    health: () => ({ ready: true }),
    close: async () => undefined,
  }
}

const cursorsIn = ({ wallets, work, cursors }: SharedTables, query: <T>(work: () => T) => Promise<T>): Cursors => ({
  wallets: (group, after, limit) =>
    query(() =>
      [...(wallets.get(group) ?? [])]
        .map(([accountId, publicKey]) => ({ accountId, publicKey }))
        .filter(({ accountId }) => accountId > after)
        .sort((a, b) => (a.accountId < b.accountId ? -1 : 1))
        .slice(0, limit),
    ),
  openAccounts: (limit) =>
    query(() =>
      [...work.values()]
        .flatMap((accounts) => [...accounts.keys()])
        .sort()
        .slice(0, limit),
    ),
  load: (addresses) =>
    query(
      () =>
        new Map(
          addresses.flatMap((address) => {
            const cursor = cursors.get(address)
            return cursor ? [[address, cursor] as const] : []
          }),
        ),
    ),
  save: (cursor) =>
    query(() => {
      const there = cursors.get(cursor.address)
      if (!there || there.slot <= cursor.slot) cursors.set(cursor.address, cursor)
    }),
})

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
