/** Token accounts, nonce accounts, pools and what every change undid: a fork takes blocks back. */
export interface TokenState {
  get(address: string): TokenAccount | undefined
  /** @returns false where an account would go below zero or does not exist */
  add(address: string, amount: bigint): boolean
  create(address: string, account: TokenAccount): void
  /** A nonce account as it was at a height, or is now; undefined: it was not made yet. */
  nonce(address: string, height?: number): NonceValue | undefined
  setNonce(address: string, nonce: NonceValue): void
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

export interface NonceValue {
  readonly value: string
  readonly authority: string
  /** Height of the block that gave it this value. */
  readonly height: number
}

export interface PoolReserves {
  readonly base: bigint
  readonly quote: bigint
}

export const createTokenState = (pools: ReadonlyMap<string, PoolReserves>): TokenState => {
  const accounts = new Map<string, TokenAccount>()
  const reserves = new Map(pools)
  const nonces = new Map<string, NonceValue[]>()
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
    nonce: (address, height = Number.POSITIVE_INFINITY) => nonces.get(address)?.findLast((each) => each.height <= height),
    setNonce: (address, nonce) => {
      const values = nonces.get(address) ?? []
      nonces.set(address, values)
      values.push(nonce)
      undo.push(() => values.pop())
    },
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
