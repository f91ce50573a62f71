import type { AccountCommand } from '../src/commands/account/command.ts'
import { decide } from '../src/commands/account/decide.ts'
import { evolve } from '../src/commands/account/evolve.ts'
import { EMPTY_ACCOUNT } from '../src/commands/account/state.ts'
import type { AccountEvent } from '../src/events/account/account-event.ts'
import { PLAIN } from '../src/events/order-terms.ts'
import type { Instrument } from '../src/events/reference/reference-event.ts'

const SOL = { asset: 'SOL', mint: 'So11111111111111111111111111111111111111112', decimals: 9 }
const USDC = { asset: 'USDC', mint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', decimals: 6 }
const INSTRUMENT: Instrument = {
  symbol: 'SOL/USDC',
  version: 1,
  base: SOL,
  quote: USDC,
  tickSize: '0.0001',
  lotSize: '0.000001',
  status: 'trading',
}

/** The account gets a wallet and funds, then places resting orders and takes them back, for as many events as asked; 50 stay open. */
export function* longHistory(accountId: string, events: number): Iterable<AccountEvent> {
  let state = EMPTY_ACCOUNT
  let written = 0
  const does = (command: AccountCommand): readonly AccountEvent[] => {
    const decision = decide(state, command, written + 1)
    for (const event of decision.events) state = evolve(state, event, state.revision + 1n)
    written += decision.events.length
    if (decision.events.length === 0) throw new Error(`${command.type} wrote nothing`)
    return decision.events
  }
  const place = (n: number): AccountCommand => ({
    type: 'PlaceOrder',
    request: {
      ...PLAIN,
      clOrdId: `order-of-a-long-life-${n}`,
      symbol: INSTRUMENT.symbol,
      side: 'buy',
      type: 'limit',
      timeInForce: 'gtc',
      orderQty: 1_000_000n,
      cashOrderQty: null,
      price: '100',
      maxSlippageBps: 100,
    },
    instrument: INSTRUMENT,
    reference: undefined,
    route: 'unprobed',
  })
  const wallet = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'
  yield* does({ type: 'OpenAccount', accountId })
  yield* does({ type: 'AssignWallet', publicKey: wallet, path: 'm' })
  yield* does({ type: 'RequestDeposit', depositId: 'd', asset: USDC, amount: 10n ** 12n })
  const key = { ref: 'd-d', attempt: 1, signature: 's' }
  yield* does({ type: 'RecordSigned', ...key, purpose: 'deposit', rawBytes: 'AAAA', lastValidBlockHeight: 1, minSlot: 0, quoted: null })
  const deltas = [{ tokenAccount: 't', owner: wallet, mint: USDC.mint, amount: String(10n ** 12n) }]
  yield* does({ type: 'BookLanded', ...key, slot: 1, fee: '5000', priorityFee: '0', tip: '0', rent: '0', deltas })
  yield* does({ type: 'BookFinalized', transactions: [{ ...key, generation: 1 }], slot: 2 })
  for (let n = 1; written < events; n++) {
    yield* does(place(n))
    if (n > OPEN && written < events) yield* does({ type: 'CancelOrder', number: n - OPEN })
  }
}

const OPEN = 50
