import { isDeepStrictEqual } from 'node:util'
import type { Asset, Instrument } from '../../events/reference/reference-event.ts'
import { parsePrice, parseUnits } from '../../platform/decimal.ts'
import type { FieldError } from '../../platform/http/problem.ts'
import type { StreamDecision } from '../reference/decide-on-stream.ts'
import type { InstrumentState } from './instrument-fold.ts'

/** What an operator says of an instrument; what is left out stays as it is. */
export interface InstrumentCommand {
  readonly symbol: string
  readonly baseMint?: string | undefined
  readonly baseDecimals?: number | undefined
  readonly quoteMint?: string | undefined
  readonly quoteDecimals?: number | undefined
  readonly tickSize?: string | undefined
  readonly lotSize?: string | undefined
  readonly status?: Instrument['status'] | undefined
  /** The other instruments in force: an asset is the same in all of them. */
  readonly others: readonly Instrument[]
}

export type InstrumentAnswer =
  | { readonly kind: 'defined'; readonly first: boolean }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }

/** The next version of an instrument, or its first; what is in force already appends nothing. */
export const decideInstrument = ({ defined }: InstrumentState, command: InstrumentCommand): StreamDecision<InstrumentAnswer> => {
  const before = defined?.instrument
  const [baseName = '', quoteName = ''] = command.symbol.split('/')
  const errors: FieldError[] = []
  const required = <T>(field: keyof InstrumentCommand, given: T | undefined, known: T | undefined): T | undefined => {
    if (given === undefined && known === undefined) errors.push({ field, reason: 'is required for a new instrument' })
    return given ?? known
  }
  const asset = (side: 'base' | 'quote', name: string): Asset => {
    const known = before?.[side] ?? assetIn(command.others, name)
    const mint = required(`${side}Mint`, command[`${side}Mint`], known?.mint) ?? ''
    const decimals = required(`${side}Decimals`, command[`${side}Decimals`], known?.decimals) ?? 0
    // funds lie in token accounts of the mint
    if (before && before[side].mint !== mint) errors.push({ field: `${side}Mint`, reason: `${name} has the mint ${before[side].mint}` })
    const elsewhere = assetIn(command.others, name)
    if (elsewhere && (elsewhere.mint !== mint || elsewhere.decimals !== decimals))
      errors.push({
        field: `${side}Decimals`,
        reason: `another instrument has ${name} with ${elsewhere.decimals} decimals of ${elsewhere.mint}`,
      })
    return { asset: name, mint, decimals }
  }
  const [base, quote] = [asset('base', baseName), asset('quote', quoteName)]
  const tickSize = required('tickSize', command.tickSize, before?.tickSize) ?? '1'
  const lotSize = required('lotSize', command.lotSize, before?.lotSize) ?? '1'
  if (parsePrice(tickSize) === undefined) errors.push({ field: 'tickSize', reason: 'must have at most 12 decimals' })
  if (parseUnits(lotSize, base.decimals) === undefined)
    errors.push({ field: 'lotSize', reason: `must have at most ${base.decimals} decimals` })
  if (errors.length > 0) return { events: [], answer: { kind: 'invalid', errors } }
  const status = command.status ?? before?.status ?? 'trading'
  const next: Instrument = { symbol: command.symbol, version: (before?.version ?? 0) + 1, base, quote, tickSize, lotSize, status }
  if (before && isDeepStrictEqual({ ...next, version: before.version }, before))
    return { events: [], answer: { kind: 'defined', first: false } }
  return { events: [{ type: 'InstrumentDefined', data: next }], answer: { kind: 'defined', first: before === undefined } }
}

const assetIn = (instruments: readonly Instrument[], name: string): Asset | undefined =>
  instruments.flatMap(({ base, quote }) => [base, quote]).find(({ asset }) => asset === name)
