import { systemClock } from '../../platform/clock.ts'
import type { Api, Json } from '../api.ts'
import { CommandFailure } from '../outcome.ts'
import { cancelOrder, type PlacedOrder, placeOrder } from './place.ts'
import type { PlannedOrder } from './plan.ts'
import type { PriceDriver } from './price-driver.ts'

export interface Drive {
  readonly api: Api
  readonly accounts: readonly string[]
  readonly plan: readonly PlannedOrder[]
  readonly prices: PriceDriver
  readonly say: (line: string) => void
}

const FUNDS = [
  { asset: 'USDC', amount: '60000' },
  { asset: 'SOL', amount: '400' },
] as const
const CREDIT_MS = 120_000
/** Resting orders near the market get this long to be reached by a moving price. */
const REST_MS = 15_000
const END_MS = 180_000
const POLL_MS = 250

/** Opens the accounts, funds them, places every order, lets them work, cancels what rests. Resolves to the last document of each order. @throws CommandFailure */
export const driveOrders = async (drive: Drive): Promise<readonly Json[]> => {
  const { accounts, plan, say } = drive
  await fund(drive)
  say(`${accounts.length} accounts hold their deposits`)
  const placed = (
    await Promise.all(
      accounts.map((accountId, i) =>
        placeAll(
          drive,
          accountId,
          plan.filter((order) => order.account === i),
        ),
      ),
    )
  ).flat()
  say(`${placed.length} orders placed`)
  const resting = await untilEnded(drive.api, placed, REST_MS)
  if (resting.length > 0) say(`${resting.length} orders rest: cancelling them`)
  await Promise.all(resting.map((order) => cancelOrder(drive.api, String(order.orderId))))
  const open = await untilEnded(drive.api, placed, END_MS)
  if (open.length > 0) say(`${open.length} orders did not end: ${open.map((order) => String(order.orderId)).join(', ')}`)
  return Promise.all(placed.map(({ orderId }) => readOrder(drive.api, orderId)))
}

const fund = async ({ api, accounts }: Drive): Promise<void> => {
  await Promise.all(
    accounts.map(async (accountId) => {
      await expectOk(await api.persist('POST', '/v1/accounts', { accountId }))
      for (const { asset, amount } of FUNDS)
        await expectOk(await api.persist('POST', `/v1/accounts/${accountId}/deposits`, { depositId: `d-${asset}`, asset, amount }))
    }),
  )
  const end = systemClock.now() + CREDIT_MS
  for (const accountId of accounts) {
    while (!(await isFunded(api, accountId))) {
      if (systemClock.now() > end) throw new CommandFailure(1, `the deposits of ${accountId} were not credited in ${CREDIT_MS / 1000} s`)
      await systemClock.sleep(POLL_MS)
    }
  }
}

const isFunded = async (api: Api, accountId: string): Promise<boolean> => {
  const { status, body } = await api.persist('GET', `/v1/accounts/${accountId}/balances`)
  const rows = status === 200 ? (body.data as readonly Json[]) : []
  return FUNDS.every(({ asset }) => rows.some((row) => row.asset === asset && row.settled !== '0'))
}

/** An account's orders one after the other; cancels that wait do not hold up the next order. */
const placeAll = async ({ api, prices }: Drive, accountId: string, plan: readonly PlannedOrder[]): Promise<PlacedOrder[]> => {
  const placing: Promise<PlacedOrder>[] = []
  for (const [i, order] of plan.entries()) {
    const one = placeOrder(api, accountId, `c-${i + 1}`, order, prices.current())
    placing.push(one)
    await (order.cancelAfterMs === undefined ? one : systemClock.sleep(POLL_MS))
  }
  return Promise.all(placing)
}

/** Waits until all orders have ended, at most `ms`; resolves to those that have not. */
const untilEnded = async (api: Api, placed: readonly PlacedOrder[], ms: number): Promise<readonly Json[]> => {
  const end = systemClock.now() + ms
  let left = placed
  for (;;) {
    const documents = await Promise.all(left.map(({ orderId }) => readOrder(api, orderId)))
    const open = documents.filter((order) => !isEnded(order))
    if (open.length === 0 || systemClock.now() > end) return open
    left = left.filter(({ orderId }) => open.some((order) => order.orderId === orderId))
    await systemClock.sleep(POLL_MS)
  }
}

/** The order, or its bare id while the read models have not seen it. */
const readOrder = async (api: Api, orderId: string): Promise<Json> => {
  const { status, body } = await api.persist('GET', `/v1/orders/${orderId}`)
  return status === 200 ? (body.data as Json) : { orderId, ordStatus: 'Unknown' }
}

const ENDED = new Set<unknown>(['Filled', 'Canceled', 'Rejected', 'Expired'])
export const isEnded = (order: Json): boolean => ENDED.has(order.ordStatus)

const expectOk = ({ status, body }: { readonly status: number; readonly body: Json }): void => {
  if (status >= 300) throw new CommandFailure(1, `${status} ${JSON.stringify(body)}`)
}
