import { z } from 'zod'
import type { SetBy } from '../../events/fields.ts'
import type { Instrument } from '../../events/reference/reference-event.ts'
import { INSTRUMENT_STATUSES } from '../../events/reference/reference-event.ts'
import { formatPrice, parsePrice } from '../../platform/decimal.ts'
import { ok, type Route, refuse, route } from '../../platform/http/route.ts'
import { defineInstrument } from '../instrument/define-instrument.ts'
import { PositiveDecimal, SymbolField } from './fields.ts'
import type { ReferencePorts } from './reference-ports.ts'

const MintField = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/, 'must be a base58 address')
const Decimals = z.number().int().min(0).max(12)
const Step = PositiveDecimal.refine((text) => parsePrice(text) !== undefined, 'must have at most 12 decimals').transform((text) =>
  formatPrice(parsePrice(text) ?? 0n),
)
const Body = z.strictObject({
  symbol: SymbolField,
  baseMint: MintField.optional(),
  baseDecimals: Decimals.optional(),
  quoteMint: MintField.optional(),
  quoteDecimals: Decimals.optional(),
  tickSize: Step.optional(),
  lotSize: Step.optional(),
  status: z.enum(INSTRUMENT_STATUSES).optional(),
})

/**
 * POST /v1/instruments → 201 a new instrument, 200 the next version of one (or the one in force, where nothing changes). What is left out
 * stays as it is. Orders keep the version they were accepted under.
 */
export const defineInstrumentRoute = (ports: ReferencePorts): Route =>
  route({
    method: 'POST',
    path: '/v1/instruments',
    scope: 'operate',
    query: z.strictObject({}),
    body: Body,
    handle: async ({ body, grant, correlationId }) => {
      if (grant.accounts !== '*') return refuse('forbidden', 'this key has a grant on single accounts only')
      const others = ports.instruments.all().filter(({ symbol }) => symbol !== body.symbol)
      const asking = { commandId: `instrument-${correlationId}`, correlationId, actor: grant.keyId }
      const decided = await defineInstrument(ports, { ...body, others }, asking)
      if (decided.kind === 'unavailable') return refuse('not_ready', 'the event store does not answer: look at GET /v1/instruments')
      const { answer, fold } = decided
      if (answer.kind === 'invalid') {
        const [first] = answer.errors
        return refuse('invalid_request', `the body is not valid: ${first?.field} ${first?.reason}`, { errors: answer.errors })
      }
      const { instrument, setBy } = fold.state.defined!
      // whoever asks this process next is answered by what was just decided
      await ports.rules?.freshness.untilSeen(fold.position)
      await untilKnown(ports, instrument)
      return ok({ ...instrumentDocument(instrument, setBy), position: fold.position.toString() }, answer.first ? 201 : 200)
    },
  })

/** GET /v1/instruments → the newest version of each, as this process knows them. */
export const listInstrumentsRoute = ({ instruments, rules }: Pick<ReferencePorts, 'instruments' | 'rules'>): Route =>
  route({
    method: 'GET',
    path: '/v1/instruments',
    scope: 'any',
    query: z.strictObject({}),
    handle: async () => {
      const data = [...instruments.all()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1)).map((each) => instrumentDocument(each))
      return ok({ data, asOfPosition: (rules?.position() ?? 0n).toString() })
    },
  })

/** The book follows the log by a subscription of its own. */
const KNOWN_WITHIN_MS = 1_000
const LOOK_MS = 10

const untilKnown = async ({ instruments, clock }: ReferencePorts, { symbol, version }: Instrument): Promise<void> => {
  const end = clock.now() + KNOWN_WITHIN_MS
  while ((instruments.bySymbol(symbol)?.version ?? 0) < version && clock.now() < end) await clock.sleep(LOOK_MS)
}

const instrumentDocument = ({ symbol, version, base, quote, tickSize, lotSize, status }: Instrument, setBy?: SetBy) => ({
  symbol,
  version,
  status,
  tickSize,
  lotSize,
  base: base.asset,
  baseMint: base.mint,
  baseDecimals: base.decimals,
  quote: quote.asset,
  quoteMint: quote.mint,
  quoteDecimals: quote.decimals,
  ...(setBy ? { setBy } : {}),
})
