import type { Clock } from '../platform/clock.ts'
import { decodeEvent } from './decode.ts'
import { followReference, type ReferenceDeps } from './follow-reference.ts'
import { referenceEvent } from './log-identity.ts'
import type { Asset, Instrument } from './reference/reference-event.ts'
import type { EventStore } from './store/event-store.ts'
import { instrumentStream } from './streams.ts'

/** The instruments in force, kept current by following their streams. */
export interface InstrumentBook {
  bySymbol(symbol: string): Instrument | undefined
  byAsset(asset: string): Asset | undefined
  byMint(mint: string): Asset | undefined
  all(): readonly Instrument[]
}

/** Every asset of the instruments once, by its mint. */
export const assetsOf = ({ all }: Pick<InstrumentBook, 'all'>): readonly Asset[] => [
  ...new Map(all().flatMap(({ base, quote }) => [base, quote].map((asset) => [asset.mint, asset] as const))).values(),
]

const SOL: Asset = { asset: 'SOL', mint: 'So11111111111111111111111111111111111111112', decimals: 9 }
const USDC: Asset = { asset: 'USDC', mint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', decimals: 6 }
const BONK: Asset = { asset: 'BONK', mint: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263', decimals: 5 }

/** What a new log starts with. Mints are those of mainnet; the embedded chain has them at the same addresses. */
const FIRST_INSTRUMENTS: readonly Instrument[] = [
  { symbol: 'SOL/USDC', version: 1, base: SOL, quote: USDC, tickSize: '0.0001', lotSize: '0.000001', status: 'trading' },
  { symbol: 'BONK/USDC', version: 1, base: BONK, quote: USDC, tickSize: '0.0000000001', lotSize: '1', status: 'trading' },
]

/** Defines the first instruments where their streams do not exist yet; safe to call by every process at every start. */
export const defineInstruments = async (store: EventStore, clock: Clock): Promise<void> => {
  for (const instrument of FIRST_INSTRUMENTS) {
    const { symbol } = instrument
    await store.append(instrumentStream(symbol), 'no_stream', [
      referenceEvent(`define-${symbol}-1`, 'InstrumentDefined', instrument, 'system', clock.now()),
    ])
  }
}

/** Reads all instruments, then follows them until the signal aborts. */
export const followInstruments = async (deps: ReferenceDeps): Promise<InstrumentBook> => {
  const instruments = new Map<string, Instrument>()
  await followReference(deps, '^instrument-', (event) => {
    const decoded = decodeEvent(event)
    if (decoded.type === 'InstrumentDefined') instruments.set(decoded.data.symbol, decoded.data)
  })
  const assets = (): readonly Asset[] => [...instruments.values()].flatMap(({ base, quote }) => [base, quote])
  return {
    bySymbol: (symbol) => instruments.get(symbol),
    byAsset: (asset) => assets().find((known) => known.asset === asset),
    byMint: (mint) => assets().find((known) => known.mint === mint),
    all: () => [...instruments.values()],
  }
}
