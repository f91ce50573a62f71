/** Token accounts, pools and what every change undid: a fork takes blocks back. */
export interface TokenState {
  get(address: string): TokenAccount | undefined
  /** @returns false where an account would go below zero or does not exist */
  add(address: string, amount: bigint): boolean
  create(address: string, account: TokenAccount): void
  pool(symbol: string): PoolReserves
  setPool(symbol: string, reserves: PoolReserves): void
  /** Everything changed since the mark is as it was. */
  mark(): number
  undoTo(mark: number): void
}

export interface TokenAccount {
  readonly owner: string
  readonly mint: string
  readonly amount: bigint
}

export interface PoolReserves {
  readonly base: bigint
  readonly quote: bigint
}

export const createTokenState = (pools: ReadonlyMap<string, PoolReserves>): TokenState => {
  const accounts = new Map<string, TokenAccount>()
  const reserves = new Map(pools)
  const undo: (() => void)[] = []
  const set = (address: string, account: TokenAccount): void => {
    const before = accounts.get(address)
    undo.push(() => {
      if (before) accounts.set(address, before)
      else accounts.delete(address)
    })
    accounts.set(address, account)
  }
  return {
    get: (address) => accounts.get(address),
    add: (address, amount) => {
      const account = accounts.get(address)
      if (!account || account.amount + amount < 0n) return false
      set(address, { ...account, amount: account.amount + amount })
      return true
    },
    create: set,
    pool: (symbol) => reserves.get(symbol)!,
    setPool: (symbol, next) => {
      const before = reserves.get(symbol)!
      undo.push(() => reserves.set(symbol, before))
      reserves.set(symbol, next)
    },
    mark: () => undo.length,
    undoTo: (mark) => {
      while (undo.length > mark) undo.pop()!()
    },
  }
}
