import assert from 'node:assert/strict'
import { decideInstrument, type InstrumentCommand } from '../../../src/commands/instrument/decide-instrument.ts'
import { controlBreach } from '../../../src/commands/limits/control-check.ts'
import { createControlBook } from '../../../src/events/controls.ts'
import type { Instrument } from '../../../src/events/reference/reference-event.ts'
import { INSTRUMENT, mid, SOL, USDC } from './account-story.ts'

const setBy = { streamId: 'instrument-SOL/USDC', revision: '4' }
const decided = (change: Partial<InstrumentCommand>, before: Instrument | undefined = INSTRUMENT) =>
  decideInstrument({ defined: before && { instrument: before, setBy }, schedule: undefined }, { symbol: 'SOL/USDC', others: [], ...change })
const NEW = { defined: undefined, schedule: undefined }
const fields = (change: Partial<InstrumentCommand>, before?: Instrument | null): string[] => {
  const { answer } = decided(change, before === null ? undefined : before)
  return answer.kind === 'invalid' ? answer.errors.map(({ field }) => field) : []
}

describe('defining an instrument', () => {
  it('is the next version, with what was left out as it was', () => {
    const { events } = decided({ tickSize: '0.05', status: 'reduce_only' })
    const data = { ...INSTRUMENT, version: 2, tickSize: '0.05', status: 'reduce_only' }
    assert.deepEqual(events, [{ type: 'InstrumentDefined', data }])
  })
  it('appends nothing where nothing changes', () => {
    assert.deepEqual(decided({ tickSize: '0.01', status: 'trading' }).events, [])
  })
  it('needs all of a new one, but for assets that are known', () => {
    const errors = ['baseMint', 'baseDecimals', 'tickSize', 'lotSize'].map((field) => ({
      field,
      reason: 'is required for a new instrument',
    }))
    const decision = decideInstrument(NEW, { symbol: 'ORCA/USDC', others: [INSTRUMENT] })
    assert.deepEqual(decision, { events: [], answer: { kind: 'invalid', errors } })
  })
  it('keeps an asset the same in all instruments, its mint for ever, and the steps within the decimals', () => {
    const other: Instrument = { ...INSTRUMENT, symbol: 'X/USDC', base: { ...SOL, asset: 'X', mint: 'MintX' } }
    assert.deepEqual(fields({ quoteDecimals: 5, others: [other] }), ['quoteDecimals'])
    assert.deepEqual(fields({ baseMint: 'Another' }), ['baseMint'])
    assert.deepEqual(fields({ baseDecimals: 2 }), ['lotSize'])
    assert.deepEqual(fields({ quoteDecimals: USDC.decimals, baseDecimals: 3, others: [other] }), [])
  })
  it('takes a known asset as another instrument has it, on either side', () => {
    const known = decideInstrument(NEW, { symbol: 'USDC/SOL', others: [INSTRUMENT], tickSize: '0.1', lotSize: '1' })
    const data = { symbol: 'USDC/SOL', version: 1, base: USDC, quote: SOL, tickSize: '0.1', lotSize: '1', status: 'trading' }
    assert.deepEqual(known, { events: [{ type: 'InstrumentDefined', data }], answer: { kind: 'defined', first: true } })
  })
  it('takes a new one as it is told, with the decimals of either side', () => {
    const told = { baseMint: 'MintX', baseDecimals: 2, quoteMint: 'MintY', quoteDecimals: 0, tickSize: '1', lotSize: '0.01' }
    const { events } = decideInstrument(NEW, { symbol: 'X/Y', others: [INSTRUMENT], ...told, status: 'halted' })
    const [base, quote] = [
      { asset: 'X', mint: 'MintX', decimals: 2 },
      { asset: 'Y', mint: 'MintY', decimals: 0 },
    ]
    const data = { symbol: 'X/Y', version: 1, base, quote, tickSize: '1', lotSize: '0.01', status: 'halted' }
    assert.deepEqual(events, [{ type: 'InstrumentDefined', data }])
  })
  it('says of each field why it cannot be', () => {
    const reasons = (change: Partial<InstrumentCommand>) => {
      const { answer } = decided(change)
      return answer.kind === 'invalid' ? answer.errors.map(({ field, reason }) => `${field} ${reason}`) : []
    }
    const other: Instrument = { ...INSTRUMENT, symbol: 'SOL/X', quote: { ...USDC, asset: 'X', mint: 'MintX' } }
    assert.deepEqual(reasons({ quoteMint: 'Another' }), ['quoteMint USDC has the mint MintUSDC'])
    assert.deepEqual(reasons({ baseDecimals: 8, others: [other] }), ['baseDecimals another instrument has SOL with 9 decimals of MintSOL'])
    assert.deepEqual(reasons({ baseMint: 'Another', others: [other] }), [
      ...['baseMint SOL has the mint MintSOL', 'baseDecimals another instrument has SOL with 9 decimals of MintSOL'],
    ])
    assert.deepEqual(reasons({ tickSize: '0.0000000000001' }), ['tickSize must have at most 12 decimals'])
    assert.deepEqual(reasons({ lotSize: '0.0000000001' }), ['lotSize must have at most 9 decimals'])
    assert.deepEqual(reasons({ tickSize: '0.000000000001', lotSize: '0.000000001' }), [])
  })
  it('says whether it was a first definition, a next one, or none', () => {
    const kinds = [decided({ tickSize: '0.05' }), decided({})].map(({ answer }) => answer)
    assert.deepEqual(kinds, [
      { kind: 'defined', first: false },
      { kind: 'defined', first: false },
    ])
  })
})

describe('the status of an instrument', () => {
  it('counts like a control, the strictest of both counts, and goes with the next version', () => {
    const book = createControlBook()
    const woken: string[] = []
    book.onChange(({ state }) => woken.push(state))
    book.stand('instrument:SOL/USDC', 'REDUCING', { rule: 'instrument_status', value: 'reduce_only' }, setBy)
    const scopes = ['global', 'instrument:SOL/USDC']
    const why = { rule: 'instrument_status', scope: 'instrument:SOL/USDC', value: 'reduce_only', setBy }
    assert.deepEqual(controlBreach(book.effective(scopes), () => false)?.why, why)
    assert.equal(
      controlBreach(book.effective(scopes), () => true),
      undefined,
    )
    const halt = { scope: 'global', state: 'HALTED', reason: 'r', by: 'a', at: mid('1').time } as const
    book.apply({ type: 'ControlSet', data: halt }, setBy)
    assert.equal(controlBreach(book.effective(scopes), () => true)?.why.rule, 'control')
    book.apply({ type: 'ControlSet', data: { ...halt, state: 'ACTIVE' } }, setBy)
    book.stand('instrument:SOL/USDC', 'ACTIVE', { rule: 'instrument_status', value: 'trading' }, setBy)
    assert.equal(book.effective(scopes).state, 'ACTIVE')
    assert.deepEqual(woken, ['REDUCING', 'HALTED', 'ACTIVE', 'ACTIVE'])
  })
})
