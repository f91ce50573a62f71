import type { AccountCommand } from '../src/commands/account/command.ts'
import { createAccountHandler } from '../src/commands/handler/create-handler.ts'
import { PLAIN } from '../src/events/order-terms.ts'
import type { EventStore } from '../src/events/store/event-store.ts'
import { parseAccountStream } from '../src/events/streams.ts'
import { systemClock } from '../src/platform/clock.ts'
import { systemIds } from '../src/platform/ids.ts'
import { createLog } from '../src/platform/log.ts'
import { createRegistry } from '../src/platform/metrics.ts'

const SOL = { asset: 'SOL', mint: 'So11111111111111111111111111111111111111112', decimals: 9 }
const USDC = { asset: 'USDC', mint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGkZwyTDt1v', decimals: 6 }
const WALLET = 'BenchWa11et1111111111111111111111111111111'
/** 10 million USDC: no order of a run is refused for want of funds. */
const FUNDS = 10_000_000_000_000n

/** Accounts opened at the same time. */
const AT_ONCE = 32
const AGAIN_MS = 100

/** Opens accounts with funds and a history of `pastOrders` cancelled orders, straight through a handler: the events that HTTP and settlement would write. */
export const openAccounts = async (store: EventStore, accounts: readonly string[], pastOrders: number): Promise<void> => {
  const log = createLog('bench-accounts', 'error')
  const handler = createAccountHandler({
    store,
    clock: systemClock,
    ids: systemIds,
    log,
    registry: createRegistry('bench'),
    logId: 'bench',
  })
  const left = [...accounts]
  const execute = async (accountId: string, command: AccountCommand, commandId: string): Promise<void> => {
    const time = systemClock.now()
    const context = { commandId, correlationId: 'b', causationId: 'b', actor: 'bench', time }
    let executed = await handler.execute(accountId, command, context)
    // a busy machine: asked again, a command that was carried out answers as it did
    while (executed.kind === 'unknown' || executed.kind === 'unavailable') {
      await systemClock.sleep(AGAIN_MS)
      executed = await handler.execute(accountId, command, context)
    }
  }
  const worker = async (): Promise<void> => {
    for (let accountId = left.pop(); accountId !== undefined; accountId = left.pop()) {
      const id = accountId
      await Promise.all(commandsFor(id, pastOrders).map((command, index) => execute(id, command, `setup-${index}`)))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  await handler.close()
}

const commandsFor = (accountId: string, pastOrders: number): AccountCommand[] => {
  const key = { ref: 'd-d', attempt: 1, signature: `s-${accountId}` }
  return [
    { type: 'OpenAccount', accountId },
    { type: 'AssignWallet', publicKey: WALLET, path: 'm' },
    { type: 'RequestDeposit', depositId: 'd', asset: USDC, amount: FUNDS },
    { type: 'RecordSigned', ...key, purpose: 'deposit', rawBytes: '', lastValidBlockHeight: 1, minSlot: 0, quoted: null },
    {
      type: 'BookLanded',
      ...key,
      slot: 1,
      fee: '0',
      priorityFee: '0',
      tip: '0',
      rent: '0',
      deltas: [{ tokenAccount: 'ata', owner: WALLET, mint: USDC.mint, amount: FUNDS.toString() }],
    },
    ...Array.from({ length: pastOrders }, (_, i) => [placed(`past-${i}`), { type: 'CancelOrder', number: i + 1 } as const]).flat(),
  ]
}

const placed = (clOrdId: string): AccountCommand => ({
  type: 'PlaceOrder',
  request: {
    clOrdId,
    symbol: 'SOL/USDC',
    side: 'buy',
    type: 'limit',
    timeInForce: 'gtc',
    orderQty: 10_000_000n,
    cashOrderQty: null,
    price: '1',
    maxSlippageBps: 100,
    ...PLAIN,
  },
  instrument: { symbol: 'SOL/USDC', version: 1, base: SOL, quote: USDC, tickSize: '0.0001', lotSize: '0.000001', status: 'trading' },
  reference: undefined,
  route: 'unprobed',
})

/** Orders of these accounts in the log after a position, by account and clOrdId; a doubled one counts twice. */
export const ordersIn = async (
  store: EventStore,
  after: { commit: bigint; prepare: bigint },
  accounts: ReadonlySet<string>,
): Promise<Map<string, number>> => {
  const found = new Map<string, number>()
  for await (const event of store.readAll(after)) {
    const accountId = event.type === 'OrderAccepted' ? parseAccountStream(event.streamId)?.accountId : undefined
    if (accountId === undefined || !accounts.has(accountId)) continue
    const key = `${accountId}/${(event.data as { clOrdId: string }).clOrdId}`
    found.set(key, (found.get(key) ?? 0) + 1)
  }
  return found
}
