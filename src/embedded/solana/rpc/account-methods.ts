import bs58 from 'bs58'
import { addressBytes } from '../accounts.ts'
import type { AccountState } from '../svm.ts'
import { mintDecimals, tokenAccount, uiAmount } from '../tokens.ts'
import { INVALID_PARAMS, type Methods, RpcError } from './json-rpc.ts'
import { address, type Config, config, invalid, list } from './params.ts'
import type { View } from './view.ts'

/**
 * Methods about accounts. States are the ledger's newest at every commitment, since the chain has no forks and nothing is taken back;
 * nonce accounts are as they were at the commitment's slot, because that is what an expiry is proven by.
 */
export const accountMethods = (view: View): Methods => {
  const { accounts } = view.ledger
  const decimalsOf = (mint: string) => mintDecimals(accounts.get(mint))
  return {
    getBalance: ([key, options]) => view.answer(view.commitment(config(options)), Number(accounts.lamports(address(key)))),
    getAccountInfo: ([key, options]) => {
      const given = config(options)
      const at = view.commitment(given)
      return view.answer(at, accountInfo(accounts.asOf(address(key), view.slot(at)), given))
    },
    getMultipleAccounts: ([keys, options]) => {
      const given = config(options)
      const at = view.commitment(given)
      const infos = list(keys, 100).map((key) => accountInfo(accounts.asOf(address(key), view.slot(at)), given))
      return view.answer(at, infos)
    },
    getTokenAccountBalance: ([key, options]) => {
      const at = view.commitment(config(options))
      const token = tokenAccount(accounts.get(address(key)))
      if (!token) throw new RpcError(INVALID_PARAMS, 'Invalid param: could not find account')
      return view.answer(at, uiAmount(token.amount, decimalsOf(token.mint) ?? 0))
    },
    getTokenSupply: ([key, options]) => {
      const at = view.commitment(config(options))
      const mint = accounts.get(address(key))
      const decimals = mintDecimals(mint)
      if (!mint || decimals === undefined) throw new RpcError(INVALID_PARAMS, 'Invalid param: not a Token mint')
      return view.answer(at, uiAmount(Buffer.from(mint.data).readBigUInt64LE(SUPPLY_AT), decimals))
    },
    getTokenAccountsByOwner: ([owner, filter, options]) => {
      const given = config(options)
      const at = view.commitment(given)
      const { mint, programId } = config(filter)
      if (mint === undefined && programId === undefined) throw invalid('expected a mint or a program')
      const found = accounts.tokenAccountsOf(address(owner)).flatMap((key) => {
        const state = accounts.get(key)
        const token = tokenAccount(state)
        const wanted = token && (mint === undefined || token.mint === mint) && (programId === undefined || token.program === programId)
        return wanted ? [{ pubkey: key, account: tokenInfo(state as AccountState, given, decimalsOf) }] : []
      })
      return view.answer(at, found)
    },
    getProgramAccounts: ([program, options]) => {
      const given = config(options)
      const at = view.commitment(given)
      const filters = given.filters === undefined ? [] : list(given.filters, 4).map(toFilter)
      const found = view.ledger.svm
        .accountsOf(addressBytes(address(program)))
        .filter(({ state }) => filters.every((matches) => matches(state.data)))
        .map(({ key, state }) => ({ pubkey: bs58.encode(key), account: accountInfo(state, given) }))
      return given.withContext === true ? view.answer(at, found) : found
    },
  }
}

/** An account in the RPC's form; null when it does not exist. */
export const accountInfo = (state: AccountState | undefined, options: Config) => {
  if (!state) return null
  return {
    lamports: Number(state.lamports),
    owner: bs58.encode(state.owner),
    executable: state.executable,
    rentEpoch: 0,
    space: state.data.length,
    data: encode(state.data, options),
  }
}

const SUPPLY_AT = 36

const encode = (data: Uint8Array, options: Config): unknown => {
  const slice = config(options.dataSlice)
  const bytes =
    typeof slice.offset === 'number' && typeof slice.length === 'number' ? data.slice(slice.offset, slice.offset + slice.length) : data
  // Without an encoding Solana answers bare base58, which it refuses for more than 128 bytes; base64 serves every size.
  return options.encoding === 'base58' ? [bs58.encode(bytes), 'base58'] : [Buffer.from(bytes).toString('base64'), 'base64']
}

/** A token account; with jsonParsed its amounts are spelled out, as web3.js's getParsedTokenAccountsByOwner reads them. */
const tokenInfo = (state: AccountState, options: Config, decimalsOf: (mint: string) => number | undefined) => {
  const info = accountInfo(state, options)
  const token = tokenAccount(state)
  if (options.encoding !== 'jsonParsed' || !token) return info
  const tokenAmount = uiAmount(token.amount, decimalsOf(token.mint) ?? 0)
  const parsed = { type: 'account', info: { mint: token.mint, owner: token.owner, state: 'initialized', tokenAmount } }
  return { ...info, data: { program: 'spl-token', parsed, space: state.data.length } }
}

const toFilter = (value: unknown): ((data: Uint8Array) => boolean) => {
  const { dataSize, memcmp } = config(value)
  if (typeof dataSize === 'number') return (data) => data.length === dataSize
  const { offset, bytes, encoding } = config(memcmp)
  if (typeof offset !== 'number' || typeof bytes !== 'string') throw invalid('unknown filter')
  const wanted = encoding === 'base64' ? Buffer.from(bytes, 'base64') : Buffer.from(bs58.decode(bytes))
  return (data) => wanted.equals(data.slice(offset, offset + wanted.length))
}
