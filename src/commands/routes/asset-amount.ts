import type { InstrumentBook } from '../../events/instruments.ts'
import type { Asset } from '../../events/reference/reference-event.ts'
import { parseUnits } from '../../platform/decimal.ts'
import { type Reply, refuse } from '../../platform/http/route.ts'

/** A token account holds an unsigned 64-bit amount. */
const MOST_UNITS = 2n ** 64n - 1n

/** The asset and its base units; a reply when the amount does not fit the asset; undefined when nobody knows the asset. */
export const assetAmount = (
  instruments: InstrumentBook,
  body: { readonly asset: string; readonly amount: string },
): { readonly asset: Asset; readonly units: bigint } | Extract<Reply, { refusal: unknown }> | undefined => {
  const asset = instruments.byAsset(body.asset)
  if (!asset) return undefined
  const units = parseUnits(body.amount, asset.decimals)
  if (units === undefined) return invalidAmount(`must have at most ${asset.decimals} decimals`)
  return units > MOST_UNITS ? invalidAmount('is more than a token account can hold') : { asset, units }
}

const invalidAmount = (reason: string) =>
  refuse('invalid_request', `the body is not valid: amount ${reason}`, { errors: [{ field: 'amount', reason }] }) as Extract<
    Reply,
    { refusal: unknown }
  >
